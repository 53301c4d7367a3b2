package dev.freshet.sync.connection;

import dev.freshet.postgres.PinnedSession;
import dev.freshet.postgres.PostgresUrl;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;

/** Opens connections to the databases that a sync works with, their session settings pinned. */
public final class Connections {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private Connections() {}

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
  public static Connection openReplication(PostgresUrl url) throws SQLException {
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
    // Values are read as PostgreSQL prints them; of a statement that has run often the driver would
    // fetch some types in binary, and print them itself: the second setting is for point and box.
    properties.setProperty("binaryTransfer", "false");
    properties.setProperty("binaryTransferDisable", "600,603");
    return properties;
  }
}
