package dev.freshet.read.query;

import org.jspecify.annotations.Nullable;

/** A value that an answer's rows have. */
public sealed interface Selected {

  /** What it is called there. */
  String name();

  /**
   * A value of a row of the model.
   *
   * @param cast the type to turn it into, as SQL has it; null for its own
   */
  record Value(Field field, @Nullable String cast, String name) implements Selected {}

  /**
   * What is made of a group of rows: those that agree in all other values.
   *
   * @param field the values that it is made of, or null for the rows themselves
   * @param cast the type to turn them into, or null
   * @param resultCast the type to turn the result into, or null
   */
  record Aggregated(
      Aggregate function,
      @Nullable Field field,
      @Nullable String cast,
      @Nullable String resultCast,
      String name)
      implements Selected {}

  /** A column as it is. */
  static Selected column(String column) {
    return new Value(Field.of(column), null, column);
  }

  /** Whether it is a column as it is, with its own name. */
  default boolean isColumnAsItIs() {
    return this instanceof Value value
        && value.field().path().isEmpty()
        && value.cast() == null
        && value.name().equals(value.field().column());
  }
}
