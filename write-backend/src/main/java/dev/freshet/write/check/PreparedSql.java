package dev.freshet.write.check;

import java.util.List;

/**
 * A statement that the primary knows how to answer.
 *
 * @param sql as the driver takes it
 * @param bindings one for each of its question marks
 * @param columns of its result; none for a statement without one
 */
public record PreparedSql(String sql, List<Binding> bindings, List<Column> columns) {

  public PreparedSql {
    bindings = List.copyOf(bindings);
    columns = List.copyOf(columns);
  }

  /** Whether there is such a column in the result. */
  public boolean has(String column) {
    return columns.stream().anyMatch(one -> one.name().equals(column));
  }
}
