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

  /**
   * A statement, with what it is to be answered as set for it alone. All of it travels as one
   * message: a transaction of its own, because the driver may end an implicit one between two
   * parts.
   */
  static PreparedStatement prepared(Connection connection, Asker asker, SelectStatement select)
      throws SQLException {
    List<String> settings = new ArrayList<>();
    List<String> values = new ArrayList<>();
    setting(settings, values, "request.jwt.claims", asker.claims());
    setting(settings, values, "timezone", asker.timeZone());
    setting(settings, values, "role", asker.role()); // the last: it may not be allowed to
    boolean isInTransaction = !connection.getAutoCommit();
    String set = "select " + String.join(", ", settings) + "; ";
    PreparedStatement statement =
        connection.prepareStatement(
            settings.isEmpty()
                ? select.sql()
                : isInTransaction ? set + select.sql() : BEGIN + set + select.sql() + COMMIT);
    values.addAll(select.values());
    bind(statement, values);
    return statement;
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

  /** What a statement answered, behind what its settings did. */
  static ResultSet answer(PreparedStatement statement, Asker asker) throws SQLException {
    if (asker.equals(Asker.ANYBODY)) {
      return statement.executeQuery();
    }
    boolean isInTransaction = !statement.getConnection().getAutoCommit();
    try {
      statement.execute();
    } catch (SQLException e) {
      if (!isInTransaction) {
        rollBack(statement.getConnection());
      }
      throw e;
    }
    if (!isInTransaction) {
      statement.getMoreResults(); // behind BEGIN
    }
    statement.getMoreResults(); // behind the settings
    return statement.getResultSet();
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
