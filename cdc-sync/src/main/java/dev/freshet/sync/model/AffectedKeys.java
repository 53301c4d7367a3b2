package dev.freshet.sync.model;

/**
 * The way from changed rows of one table to the keys of a model that they touch.
 *
 * <p>The query is the model's FROM, without WHERE and HAVING, with one occurrence of the table
 * reduced to the changed rows: joins on the way to it are inner, all others stay as they are. It is
 * run before and after the rows are applied, so that what a row leaves is found as well as what it
 * joins.
 *
 * @param table the changed table
 * @param sql text of a query that yields one column for each key column, distinct; the changed rows
 *     stand for {@link #CHANGED_ROWS}
 */
public record AffectedKeys(TableName table, String sql) {

  /** Stands in {@link #sql} for the reduced table, to be replaced by a parenthesised SELECT. */
  static final String CHANGED_ROWS = "\"freshet changed rows\"";

  /** The query, with the changed rows given as a SELECT on the table. */
  public String sql(String changedRows) {
    return sql.replace(CHANGED_ROWS, "(" + changedRows + ")");
  }
}
