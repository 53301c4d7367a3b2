package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import java.util.Set;

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
  }

  /**
   * Nothing tells one row of the result from another: all are touched, or none.
   *
   * @param signal a query that has a row if they are
   * @param because what stands in the way, for people
   */
  record Whole(TableName table, String signal, String because) implements Reach {}

  /** A query that has a row if anything is touched. */
  String signal();
}
