package dev.freshet.read.sql;

import dev.freshet.read.store.Asker;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a statement is sent as somebody. */
final class SqlCall {

  private static final Logger log = LoggerFactory.getLogger(SqlCall.class);

  private static final String BEGIN = "begin read only; ";
  private static final String COMMIT = "; commit";

  private SqlCall() {}

  /** Reads what a statement answered. */
  interface Reader<T> {
    T read(ResultSet rows) throws SQLException;
  }

  /**
   * Runs a statement, with what it is to be answered as set for it alone. All of it travels as one
   * message: a transaction of its own where there is none, because the driver may end an implicit
   * one between two parts.
   */
  static <T> T run(Connection connection, Asker asker, SelectStatement select, Reader<T> reader)
      throws SQLException {
    List<String> settings = new ArrayList<>();
    List<String> values = new ArrayList<>();
    setting(settings, values, "request.jwt.claims", asker.claims());
    setting(settings, values, "timezone", asker.timeZone());
    setting(settings, values, "role", asker.role()); // the last: it may not be allowed to
    values.addAll(select.values());
    if (settings.isEmpty()) {
      return run(connection, select.sql(), values, 0, reader);
    }
    String set = "select " + String.join(", ", settings) + "; ";
    if (!connection.getAutoCommit()) {
      return run(connection, set + select.sql(), values, 1, reader);
    }
    try {
      return run(connection, BEGIN + set + select.sql() + COMMIT, values, 2, reader);
    } catch (SQLException e) {
      rollBack(connection);
      throw e;
    }
  }

  /**
   * Runs a statement of several parts.
   *
   * @param before how many parts are before the one that answers
   */
  private static <T> T run(
      Connection connection, String sql, List<String> values, int before, Reader<T> reader)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      statement.execute();
      for (int i = 0; i < before; i++) {
        statement.getMoreResults();
      }
      try (ResultSet rows = statement.getResultSet()) {
        return reader.read(rows);
      }
    }
  }

  /** Without a type: PostgreSQL reads the text as what the statement casts it to. */
  static void bind(PreparedStatement statement, List<String> values) throws SQLException {
    for (int i = 0; i < values.size(); i++) {
      statement.setObject(i + 1, values.get(i), Types.OTHER);
    }
  }

  private static void setting(
      List<String> settings, List<String> values, String name, @Nullable String value) {
    if (value != null) {
      settings.add("set_config('%s', ?, true)".formatted(name));
      values.add(value);
    }
  }

  /** The driver does not know of a transaction that was begun by a statement. */
  private static void rollBack(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("rollback");
    } catch (SQLException e) {
      log.debug("A transaction can't be rolled back; its connection is closed", e);
      try {
        connection.abort(Runnable::run);
      } catch (SQLException again) {
        log.debug("A connection can't be closed", again);
      }
    }
  }
}
