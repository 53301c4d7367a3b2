package dev.freshet.read.query;

import org.jspecify.annotations.Nullable;

/**
 * A value that an answer's rows have.
 *
 * @param name what it is called there
 * @param cast the type to turn it into, as SQL has it; null for its own
 */
public record Selected(Field field, String name, @Nullable String cast) {

  /** A column as it is. */
  static Selected column(String column) {
    return new Selected(Field.of(column), column, null);
  }

  boolean isColumnAsItIs() {
    return field.path().isEmpty() && cast == null && name.equals(field.column());
  }
}
