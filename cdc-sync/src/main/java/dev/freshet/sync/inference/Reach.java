package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * From changed rows of a table, mentioned once in a query, to what they touch of its result.
 *
 * <p>Run before a change is applied and again after it, its SQL finds a superset of the rows that
 * the change makes, removes or alters. It may mention columns of queries around.
 */
sealed interface Reach {

  /** Stands for the changed rows, to be replaced by a parenthesised SELECT. */
  String CHANGED_ROWS = "\"freshet changed rows\"";

  TableName table();

  /**
   * Rows are found by values of some columns.
   *
   * @param sql a SELECT of {@code columns}, by their names
   * @param columns at least one
   * @param signal a query that has a row if any row of the result is touched
   */
  record Rows(TableName table, String sql, Set<String> columns, String signal) implements Reach {

    public Rows {
      columns = Set.copyOf(columns);
    }

    /**
     * The same rows with other names.
     *
     * @param places the names of the query's columns, in order
     * @param names those that they get, in the same order
     */
    Rows renamed(List<String> places, List<String> names) {
      String list =
          places.stream()
              .filter(columns::contains)
              .map(
                  column ->
                      "way.%s as %s"
                          .formatted(
                              TableName.quoted(column),
                              TableName.quoted(names.get(places.indexOf(column)))))
              .collect(Collectors.joining(", "));
      return new Rows(
          table,
          "select %s from (%s) way".formatted(list, sql),
          atTheSamePlaces(columns, places, names),
          signal);
    }
  }

  /**
   * Nothing tells one row of the result from another: all are touched, or none.
   *
   * @param signal a query that has a row if they are
   * @param because what stands in the way, for people
   */
  record Whole(TableName table, String signal, String because) implements Reach {}

  /** Some columns of one list by the names of another; those that it does not have are left out. */
  static Set<String> atTheSamePlaces(Set<String> some, List<String> of, List<String> names) {
    return some.stream()
        .filter(of::contains)
        .map(column -> names.get(of.indexOf(column)))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** A query that has a row if anything is touched. */
  String signal();
}
