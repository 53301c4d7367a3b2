package dev.freshet.bench.consistency;

import dev.freshet.cluster.ClusterException;
import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/** What is asked of servers, and waited for. */
final class Servers {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private Servers() {}

  /** Runs SQL on one of the servers. */
  static void run(PostgresServer server, String... sql) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      for (String one : sql) {
        statement.execute(one);
      }
    }
  }

  /** Asks one of the servers for one value. */
  static String query(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? String.valueOf(row.getString(1)) : "";
    }
  }

  /** What may be waited for. */
  interface Condition {
    boolean holds() throws Exception;
  }

  static void await(String what, Condition condition) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!holds(condition)) {
      if (Instant.now().isAfter(end)) {
        throw new IllegalStateException("It did not happen that " + what);
      }
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private static boolean holds(Condition condition) throws Exception {
    try {
      return condition.holds();
    } catch (IOException | SQLException e) {
      return false;
    }
  }

  /** Starts a server that was killed. */
  static void startAgain(PostgresServer server) throws Exception {
    await(
        server + " starts",
        () -> {
          try {
            server.startAgain();
            return true;
          } catch (ClusterException e) {
            return false; // its children hold the shared memory until they have noticed
          }
        });
  }
}
