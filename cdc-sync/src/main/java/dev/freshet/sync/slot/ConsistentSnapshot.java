package dev.freshet.sync.slot;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.copy.RowPipe;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The source as it is at one position of its log: what a replication slot exports when it is made.
 *
 * <p>All transactions that ended at or before the position are visible, and no other; those are
 * what the slot's stream goes on with. Making a slot waits for the transactions that are open on
 * the source at that moment; see {@code CREATE_REPLICATION_SLOT} in PostgreSQL's documentation of
 * the streaming replication protocol.
 */
public final class ConsistentSnapshot implements Seed {

  private static final int FAILOVER_SINCE = 17;

  private final Place at;
  private final Connection connection;

  private ConsistentSnapshot(Place at, Connection connection) {
    this.at = at;
    this.connection = connection;
  }

  /**
   * Makes a lasting slot and keeps its snapshot.
   *
   * @param watched sees each connection that is opened for it
   */
  static ConsistentSnapshot ofNewSlot(
      PostgresUrl url, String slot, UnaryOperator<Connection> watched) throws SQLException {
    return take(url, slot, false, Duration.ZERO, watched);
  }

  /**
   * Takes a snapshot by a slot that lasts no longer than this call.
   *
   * @param slot a name that is free
   * @param watched sees each connection that is opened for it
   */
  static ConsistentSnapshot now(PostgresUrl url, String slot, UnaryOperator<Connection> watched)
      throws SQLException {
    return take(url, slot, true, Duration.ZERO, watched);
  }

  /**
   * The same, given up after a while.
   *
   * @throws SQLException when transactions that are open on the source hold it up for longer
   */
  public static ConsistentSnapshot now(PostgresUrl url, String slot, Duration longestWait)
      throws SQLException {
    return now(url, slot, longestWait, connection -> connection);
  }

  /**
   * The same, with connections that somebody watches.
   *
   * @param watched sees each connection that is opened for it
   */
  public static ConsistentSnapshot now(
      PostgresUrl url, String slot, Duration longestWait, UnaryOperator<Connection> watched)
      throws SQLException {
    return take(url, slot, true, longestWait, watched);
  }

  private static ConsistentSnapshot take(
      PostgresUrl url,
      String slot,
      boolean temporary,
      Duration longestWait,
      UnaryOperator<Connection> watched)
      throws SQLException {
    try (Connection replication = watched.apply(Connections.openReplication(url));
        Statement statement = replication.createStatement()) {
      statement.execute("SET statement_timeout = " + longestWait.toMillis());
      int timeline = timeline(statement);
      boolean knowsFailover =
          replication.getMetaData().getDatabaseMajorVersion() >= FAILOVER_SINCE && !temporary;
      try (ResultSet made =
          statement.executeQuery(
              "CREATE_REPLICATION_SLOT %s%s LOGICAL pgoutput %s"
                  .formatted(
                      TableName.quoted(slot),
                      temporary ? " TEMPORARY" : "",
                      knowsFailover ? "(SNAPSHOT 'export', FAILOVER true)" : "EXPORT_SNAPSHOT"))) {
        made.next();
        Place at = Place.of(timeline, made.getString("consistent_point"));
        return new ConsistentSnapshot(at, reading(url, made.getString("snapshot_name"), watched));
      }
    }
  }

  private static int timeline(Statement replication) throws SQLException {
    try (ResultSet system = replication.executeQuery("IDENTIFY_SYSTEM")) {
      system.next();
      return system.getInt("timeline");
    }
  }

  private static Connection reading(
      PostgresUrl url, String snapshot, UnaryOperator<Connection> watched) throws SQLException {
    Connection reading = watched.apply(Connections.open(url, "freshet-sync-copy"));
    try (Statement statement = reading.createStatement()) {
      reading.setAutoCommit(false);
      statement.execute("set transaction isolation level repeatable read read only");
      statement.execute("set transaction snapshot '" + snapshot + "'");
      return reading;
    } catch (SQLException e) {
      reading.close();
      throw e;
    }
  }

  @Override
  public Place at() {
    return at;
  }

  /** A connection with a transaction open that sees the snapshot. */
  public Connection connection() {
    return connection;
  }

  @Override
  public void read(SourceTable table, List<String> columns, Rows rows) {
    Failures.run(() -> RowPipe.Origin.of(connection, table.name(), columns).forEach(rows::row));
  }

  @Override
  public void close() {
    Failures.run(connection::close);
  }
}
