package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import java.util.Set;

/**
 * An item of FROM with those rows alone that a change touches.
 *
 * @param item as the query has it
 * @param table that is changed
 * @param sql the rows, with the item's alias
 * @param columns those of the item's columns that the rows have
 */
record Reduced(From.Item item, TableName table, String sql, Set<String> columns) {

  Reduced {
    columns = Set.copyOf(columns);
  }

  /** A table with its changed rows alone. */
  static Reduced of(From.Table table) {
    return new Reduced(
        table,
        table.name(),
        Reach.CHANGED_ROWS + " as " + table.named(),
        Set.copyOf(table.columns()));
  }

  /** Whether an expression mentions no column that the rows lack. */
  boolean knows(Expression expression) {
    return expression.columns().stream().allMatch(this::knows);
  }

  boolean knows(ColumnRef column) {
    return !column.alias().equals(item.alias()) || columns.contains(column.column());
  }
}
