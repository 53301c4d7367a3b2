package dev.freshet.sync.seed;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.apply.MirrorStore;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.copy.RowPipe;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceFailed;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** The mirrors of another read database, at its position: both are in one snapshot of it. */
final class PeerSeed implements Seed {

  /** How long it may take to get to where the rows have to be. */
  private static final Duration ARRIVES_WITHIN = Duration.ofSeconds(10);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  private final Connection connection;
  private final Place at;

  private PeerSeed(Connection connection, Place at) {
    this.connection = connection;
    this.at = at;
  }

  static PeerSeed of(WatchedDatabase peer, SeedServer.Wanted wanted)
      throws SQLException, SeedUnfit {
    PostgresUrl url = peer.url();
    Connection connection = peer.open("freshet-sync-seed");
    try {
      connection.setAutoCommit(false);
      PeerSeed seed = new PeerSeed(connection, arrive(connection, url, wanted));
      seed.requireAll(url, wanted);
      return seed;
    } catch (SQLException | SeedUnfit | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** Begins a snapshot that is far enough. */
  private static Place arrive(Connection connection, PostgresUrl url, SeedServer.Wanted wanted)
      throws SQLException, SeedUnfit {
    long end = System.nanoTime() + ARRIVES_WITHIN.toNanos();
    try (Statement statement = connection.createStatement()) {
      while (true) {
        statement.execute("set transaction isolation level repeatable read read only");
        lock(statement, wanted);
        Place at = position(statement, url, wanted.system());
        if (at.isAtOrPast(wanted.atLeast())) {
          return at;
        }
        if (System.nanoTime() > end) {
          throw new SeedUnfit("%s is at %s, and %s is needed".formatted(url, at, wanted.atLeast()));
        }
        connection.rollback();
        LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      }
    }
  }

  /**
   * Before the snapshot is taken: a mirror that is made again or rewritten after it would seem to
   * be empty.
   */
  private static void lock(Statement statement, SeedServer.Wanted wanted) throws SQLException {
    if (!wanted.tables().isEmpty()) {
      statement.execute(
          "lock table %s in access share mode"
              .formatted(
                  wanted.tables().keySet().stream()
                      .sorted()
                      .map(TableName::quoted)
                      .collect(Collectors.joining(", "))));
    }
  }

  private static Place position(Statement statement, PostgresUrl url, String system)
      throws SQLException, SeedUnfit {
    try (ResultSet row =
        statement.executeQuery(
            "select timeline, lsn::text, state, system_identifier from freshet.position")) {
      if (!row.next() || !row.getString(3).equals("streaming")) {
        throw new SeedUnfit("%s is not complete itself".formatted(url));
      }
      if (!row.getString(4).equals(system)) {
        throw new SeedUnfit("%s holds the copy of another system than the log's".formatted(url));
      }
      return Place.of(row.getInt(1), row.getString(2));
    }
  }

  private void requireAll(PostgresUrl url, SeedServer.Wanted wanted) throws SeedUnfit {
    Map<TableName, SourceTable> mirrors =
        new MirrorStore(JdbcClient.create(new SingleConnectionDataSource(connection, true))).all();
    for (SourceTable table : wanted.tables().values()) {
      SourceTable mirror = mirrors.get(table.name());
      if (mirror == null || !mirror.isAs(table)) {
        throw new SeedUnfit("%s has no such table %s".formatted(url, table.name()));
      }
      Place since = wanted.since().get(table.name());
      if (since == null || !at.isAtOrPast(since)) {
        throw new SeedUnfit(
            "the log has the changes of %s from %s on, and %s is at %s"
                .formatted(table.name(), since == null ? "a later place" : since, url, at));
      }
    }
  }

  @Override
  public Place at() {
    return at;
  }

  @Override
  public void read(SourceTable table, List<String> columns, Rows rows) {
    try {
      RowPipe.Origin.of(connection, table.name(), columns).forEach(rows::row);
    } catch (SQLException e) {
      throw new SourceFailed(String.valueOf(e.getMessage()), false, e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new SourceFailed(String.valueOf(e.getMessage()), false, e);
    }
  }
}
