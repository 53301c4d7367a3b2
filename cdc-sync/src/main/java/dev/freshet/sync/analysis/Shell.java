package dev.freshet.sync.analysis;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A table of the source as an empty one, with its columns in order, their types, and its primary
 * key: as much of it as the analysis of a SELECT looks at. A mirror that is like that stands for
 * itself.
 */
record Shell(SourceTable table) {

  /** Makes it, within a transaction that is rolled back later. */
  void make(Connection connection) throws SQLException {
    String quoted = table.name().quoted();
    List<String> there = columns(connection);
    if (there.equals(columns()) && (!table.isPrimaryKey() || hasKey(connection))) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      if (!there.isEmpty()) {
        statement.execute(
            "alter table %s rename to %s"
                .formatted(quoted, TableName.quoted("freshet hides " + table.oid())));
      }
      statement.execute("create schema if not exists " + TableName.quoted(table.name().schema()));
      statement.execute(
          "create table %s (%s%s)"
              .formatted(
                  quoted,
                  table.columnDefinitions(),
                  table.isPrimaryKey()
                      ? table.key().stream()
                          .map(TableName::quoted)
                          .collect(Collectors.joining(", ", ", primary key (", ")"))
                      : ""));
    }
  }

  private List<String> columns() {
    return table.columns().stream().map(column -> column.name() + " " + column.type()).toList();
  }

  private List<String> columns(Connection connection) throws SQLException {
    return texts(
        connection,
        """
        select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = to_regclass(?) and attnum > 0 and not attisdropped order by attnum
        """);
  }

  private boolean hasKey(Connection connection) throws SQLException {
    return !texts(
            connection,
            "select indexrelid::text from pg_index where indrelid = to_regclass(?) and indisprimary")
        .isEmpty();
  }

  private List<String> texts(Connection connection, String sql) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, table.name().quoted());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          texts.add(row.getString(1));
        }
      }
    }
    return texts;
  }
}
