package dev.freshet.sync.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.PinnedSession;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.PrimaryPosition;
import dev.freshet.sync.model.SyncRefused;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.transaction.support.TransactionOperations;
import org.springframework.transaction.support.TransactionTemplate;

/** A connection to a database that a sync works with, its session settings pinned. */
public final class SourceDatabase implements AutoCloseable {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

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
    return new SourceDatabase(open(url, "freshet-sync"));
  }

  /** Opens a connection with the pinned settings. */
  public static Connection open(PostgresUrl url, String applicationName) throws SQLException {
    Connection connection = url.connect(properties(url, applicationName));
    try (Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
      statement.execute("set synchronous_commit = on");
      statement.execute("set client_min_messages = warning");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /**
   * Opens a connection to lead by: its server notices within seconds when it is cut off, so that
   * another process can take over.
   */
  public static Connection openToLead(PostgresUrl url) throws SQLException {
    Connection connection = open(url, "freshet-sync");
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "set tcp_keepalives_idle = 1; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 3; set tcp_user_timeout = 4000");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Opens a connection for a short look, which a server that does not answer ends. */
  public static Connection openToLook(PostgresUrl url) throws SQLException {
    Properties properties = properties(url, "freshet-sync-watch");
    properties.setProperty("socketTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds()));
    return url.connect(properties);
  }

  /** Opens a connection that speaks the replication protocol. */
  static Connection openReplication(PostgresUrl url) throws SQLException {
    Properties properties = properties(url, "freshet-sync-slot");
    properties.setProperty("replication", "database");
    properties.setProperty("assumeMinServerVersion", "14");
    properties.setProperty("preferQueryMode", "simple");
    return url.connect(properties);
  }

  private static Properties properties(PostgresUrl url, String applicationName) {
    Properties properties = url.properties(applicationName, CONNECT_TIMEOUT);
    // All of connecting: the other is of TCP alone, and a server can hang in what follows.
    properties.setProperty("loginTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds()));
    return properties;
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

  public Position position() throws SQLException {
    return PrimaryPosition.ask(connection);
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
