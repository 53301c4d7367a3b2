package dev.freshet.sync.slot;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Lsn;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.source.Place;
import java.sql.Connection;
import java.sql.SQLException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.transaction.support.TransactionOperations;
import org.springframework.transaction.support.TransactionTemplate;

/** A connection to the source, its session settings pinned. */
public final class SourceDatabase implements AutoCloseable {

  private final Connection connection;
  private final JdbcClient db;
  private final TransactionOperations transactions;

  private SourceDatabase(Connection connection) {
    this.connection = connection;
    SingleConnectionDataSource single = new SingleConnectionDataSource(connection, true);
    this.db = JdbcClient.create(single);
    this.transactions = new TransactionTemplate(new DataSourceTransactionManager(single));
  }

  /** Connects to the source. */
  public static SourceDatabase connect(PostgresUrl url) throws SQLException {
    return new SourceDatabase(Connections.open(url, "freshet-sync"));
  }

  /** Connects to the source, for as long as it answers. */
  static SourceDatabase connect(WatchedDatabase watched) throws SQLException {
    return new SourceDatabase(watched.open("freshet-sync"));
  }

  /** Connects to the source for as long as one leads. */
  static SourceDatabase connectToLead(WatchedDatabase watched) throws SQLException {
    return new SourceDatabase(watched.openToLead());
  }

  Connection connection() {
    return connection;
  }

  public JdbcClient db() {
    return db;
  }

  public TransactionOperations transactions() {
    return transactions;
  }

  /**
   * Checks that changes can be captured here.
   *
   * @throws SyncRefused when they can't, with what to set
   */
  public void requireLogicalDecoding() {
    String walLevel = db.sql("show wal_level").query(String.class).single();
    if (!"logical".equals(walLevel)) {
      throw new SyncRefused(
          "The source has wal_level=%s, which holds too little to follow its changes. Set wal_level=logical and restart it."
              .formatted(walLevel));
    }
  }

  /** The system's identifier, which replicas share and no other system has. */
  public static String systemIdentifier(JdbcClient db) {
    return db.sql("select system_identifier::text from pg_control_system()")
        .query((row, number) -> row.getString(1))
        .single();
  }

  /** How far the log is on disk. */
  public Place place() throws SQLException {
    return Place.of(PrimaryPosition.ask(connection));
  }

  /**
   * Writes a transaction of its own into the log, flushed at once, for the sync to arrive at.
   *
   * @return where its message stands
   */
  public Lsn ping() {
    return transactions.execute(
        status -> {
          db.sql("set local synchronous_commit = local").update();
          return Lsn.parse(
              db.sql("select pg_logical_emit_message(true, 'freshet', '')::text")
                  .query((row, number) -> row.getString(1))
                  .single());
        });
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
