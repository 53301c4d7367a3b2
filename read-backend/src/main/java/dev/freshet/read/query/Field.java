package dev.freshet.read.query;

import java.util.List;
import java.util.Optional;

/**
 * A value of a row: a column, or what stands at a path within its JSON.
 *
 * @param path from the column on; empty for the column itself
 */
public record Field(String column, List<Step> path) {

  /**
   * One step of a path.
   *
   * @param key the name of a member, or the place of an element
   * @param isPlace whether it is the latter: from 0, or counted from the end when it is negative
   * @param isText whether the result is text, and not JSON: for the last step alone
   */
  public record Step(String key, boolean isPlace, boolean isText) {}

  public Field {
    path = List.copyOf(path);
  }

  /** A column. */
  public static Field of(String column) {
    return new Field(column, List.of());
  }

  /** What it is called in an answer: its last member's name, or else its column's. */
  String name() {
    Optional<String> member =
        path.reversed().stream().filter(step -> !step.isPlace()).map(Step::key).findFirst();
    return member.orElse(column);
  }
}
