package dev.freshet.file;

/**
 * Something that is wrong in a file.
 *
 * @param line from 1
 * @param column from 1
 * @param message what is wrong and what would be right, without what variables stand for
 */
public record FileProblem(int line, int column, String message) {

  @Override
  public String toString() {
    return "line %d, column %d: %s".formatted(line, column, message);
  }
}
