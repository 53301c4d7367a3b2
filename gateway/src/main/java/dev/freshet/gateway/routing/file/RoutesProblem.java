package dev.freshet.gateway.routing.file;

/**
 * Something that is wrong in a routes file.
 *
 * @param line from 1
 * @param column from 1
 * @param message what is wrong and what would be right, without what variables stand for
 */
public record RoutesProblem(int line, int column, String message) {

  @Override
  public String toString() {
    return "line %d, column %d: %s".formatted(line, column, message);
  }
}
