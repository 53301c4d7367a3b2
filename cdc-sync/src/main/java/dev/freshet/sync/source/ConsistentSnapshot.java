package dev.freshet.sync.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.sync.model.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * The source as it is at one position of its log: what a replication slot exports when it is made.
 *
 * <p>All transactions that ended at or before the position are visible, and no other; those are
 * what the slot's stream goes on with. Making a slot waits for the transactions that are open on
 * the source at that moment; see {@code CREATE_REPLICATION_SLOT} in PostgreSQL's documentation of
 * the streaming replication protocol.
 */
public final class ConsistentSnapshot implements AutoCloseable {

  private static final int FAILOVER_SINCE = 17;

  private final Lsn at;
  private final Connection connection;

  private ConsistentSnapshot(Lsn at, Connection connection) {
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
    return take(url, slot, true, longestWait, connection -> connection);
  }

  private static ConsistentSnapshot take(
      PostgresUrl url,
      String slot,
      boolean temporary,
      Duration longestWait,
      UnaryOperator<Connection> watched)
      throws SQLException {
    try (Connection replication = watched.apply(SourceDatabase.openReplication(url));
        Statement statement = replication.createStatement()) {
      statement.execute("SET statement_timeout = " + longestWait.toMillis());
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
        Lsn at = Lsn.parse(made.getString("consistent_point"));
        return new ConsistentSnapshot(at, reading(url, made.getString("snapshot_name"), watched));
      }
    }
  }

  private static Connection reading(
      PostgresUrl url, String snapshot, UnaryOperator<Connection> watched) throws SQLException {
    Connection reading = watched.apply(SourceDatabase.open(url, "freshet-sync-copy"));
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

  /** All that ended at or before this position is visible. */
  public Lsn at() {
    return at;
  }

  /** A connection with a transaction open that sees the snapshot. */
  public Connection connection() {
    return connection;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
