package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import java.util.Set;

/** From changed rows of a table, mentioned once in a query, to the query's rows that they touch. */
sealed interface Way {

  /** Stands for the changed rows, to be replaced by a parenthesised SELECT. */
  String CHANGED_ROWS = "\"freshet changed rows\"";

  TableName table();

  /**
   * The way is known.
   *
   * @param sql a SELECT of {@code columns}, by their names
   * @param columns those of the query's columns whose values it finds
   */
  record Known(TableName table, String sql, Set<String> columns) implements Way {}

  /**
   * The way can't be told.
   *
   * @param why what stands in it
   */
  record Unknown(TableName table, String why) implements Way {}
}
