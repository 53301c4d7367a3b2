package dev.freshet.read.query;

import java.util.List;

/** A condition on one column. */
public sealed interface Filter {

  String column();

  boolean negated();

  /**
   * Compares the column with one value.
   *
   * @param operator the SQL operator
   */
  record Comparison(String column, boolean negated, String operator, String value)
      implements Filter {}

  /** The column is one of these values. */
  record In(String column, boolean negated, List<String> values) implements Filter {
    public In {
      values = List.copyOf(values);
    }
  }

  /**
   * The column is null, true, false or unknown.
   *
   * @param predicate the SQL keyword
   */
  record Is(String column, boolean negated, String predicate) implements Filter {}

  /**
   * The column's text matches a pattern of {@code %} and {@code _}.
   *
   * @param operator {@code like} or {@code ilike}
   */
  record Matches(String column, boolean negated, String operator, String pattern)
      implements Filter {}
}
