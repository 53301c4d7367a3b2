package dev.freshet.read.sql;

import dev.freshet.runtime.Deadline;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a statement may run.
 *
 * @param usual that connections are set to
 */
record StatementTimeout(Duration usual) {

  private static final Logger log = LoggerFactory.getLogger(StatementTimeout.class);

  /** Setting a timeout and setting it back are two round trips. */
  private static final Duration WORTH_SETTING = Duration.ofMillis(500);

  /** What lasts longer than anybody waits for it is given up. */
  interface Bound extends AutoCloseable {
    @Override
    void close() throws SQLException;
  }

  /** Where that saves nothing to speak of, it is left to the connection's own timeout. */
  Bound bound(Connection connection, Deadline deadline) throws SQLException {
    Duration left = deadline.left();
    if (!left.isPositive()) {
      throw new SQLException("nobody waits for the answer any more", SqlFailure.QUERY_CANCELED);
    }
    if (left.compareTo(usual.minus(WORTH_SETTING)) >= 0) {
      return () -> {};
    }
    set(connection, left);
    return () -> restore(connection);
  }

  /** A connection that can't be brought back to its timeout is not used again. */
  private void restore(Connection connection) throws SQLException {
    try {
      set(connection, usual);
    } catch (SQLException e) {
      log.debug("The statement timeout can't be set back", e);
      connection.abort(Runnable::run);
    }
  }

  private static void set(Connection connection, Duration timeout) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("set statement_timeout = " + Math.max(1, timeout.toMillis()));
    }
  }
}
