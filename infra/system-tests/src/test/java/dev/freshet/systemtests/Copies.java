package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.UpProcess;
import dev.freshet.postgres.PinnedSession;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Compares the copies of a running system, row by row. */
final class Copies {

  static final List<String> MODELS = List.of("board", "menu", "orders", "sales");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Copies() {}

  /**
   * Waits until every copy is at the primary's present position, then compares every model by a
   * hash of each row's text.
   */
  static void assertEqualRowByRow(UpProcess up, int replicas) throws SQLException {
    Position written;
    try (Connection primary = up.primary()) {
      written = PrimaryPosition.ask(primary);
    }
    try (Connection primary = up.primary();
        Connection readDatabase = up.readDatabase(1)) {
      await(
          readDatabase,
          "select lsn::text from freshet.position where state = 'streaming'",
          written.lsn());
      for (String model : MODELS) {
        String expected = hashes(primary, model);
        assertThat(hashes(readDatabase, model))
            .as("%s in the read database", model)
            .isEqualTo(expected);
        for (int number = 1; number <= replicas; number++) {
          try (Connection replica = up.replica(number)) {
            await(replica, "select pg_last_wal_replay_lsn()::text", written.lsn());
            assertThat(hashes(replica, model))
                .as("%s on replica %d", model, number)
                .isEqualTo(expected);
          }
        }
      }
    }
  }

  private static String hashes(Connection connection, String model) throws SQLException {
    single(connection, PinnedSession.SQL);
    return String.valueOf(
        single(
            connection,
            "select count(*) || ' rows ' || coalesce(string_agg(md5(r::text), ' ' order by md5(r::text)), '') from read."
                + model
                + " r"));
  }

  private static void await(Connection connection, String position, Lsn wanted)
      throws SQLException {
    Instant end = Instant.now().plus(PATIENCE);
    String at = null;
    while (Instant.now().isBefore(end)) {
      at = single(connection, position);
      if (at != null && Lsn.parse(at).compareTo(wanted) >= 0) {
        return;
      }
      LockSupport.parkNanos(5_000_000);
    }
    throw new AssertionError("It stayed at %s and never reached %s".formatted(at, wanted));
  }

  /** The first column of the first row; null when there is none. */
  static @Nullable String single(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getString(1) : null;
    }
  }
}
