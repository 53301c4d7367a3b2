package dev.freshet.bench.sync;

import dev.freshet.bench.process.ProcessUse;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.PostgresUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/** A primary and a read database, and on both one database for each run. */
final class BenchDatabases implements AutoCloseable {

  private static final int PORT = 12_250;
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  private final Cluster cluster;
  private String database = "freshet";

  BenchDatabases(Path folder) {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 1, PORT, false));
  }

  PostgresServer primary() {
    return cluster.primary();
  }

  PostgresServer target() {
    return cluster.readDatabases().getFirst();
  }

  String database() {
    return database;
  }

  /** Makes databases of this name and uses them from now on. */
  void use(String name) throws SQLException {
    database = "freshet";
    for (PostgresServer server : new PostgresServer[] {primary(), target()}) {
      run(server, "create database " + name);
    }
    database = name;
  }

  String url(PostgresServer server) {
    return "postgresql://postgres:%s@127.0.0.1:%d/%s"
        .formatted(server.url().password(), server.port(), database);
  }

  Connection connect(PostgresServer server) throws SQLException {
    PostgresUrl url = PostgresUrl.parse(url(server));
    return DriverManager.getConnection(url.jdbcUrl(), url.user(), url.password());
  }

  void run(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  String ask(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? String.valueOf(row.getString(1)) : "";
    }
  }

  /** Waits, on one connection, until a query of one boolean says yes. */
  void await(PostgresServer server, String sql) throws SQLException {
    awaitIn(server, database, sql);
  }

  /** The same in another database. */
  void awaitIn(PostgresServer server, String name, String sql) throws SQLException {
    String used = database;
    database = name;
    try {
      awaitHere(server, sql);
    } finally {
      database = used;
    }
  }

  private void awaitHere(PostgresServer server, String sql) throws SQLException {
    Instant end = Instant.now().plus(PATIENCE);
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      while (true) {
        try (ResultSet row = statement.executeQuery(sql)) {
          if (row.next() && row.getBoolean(1)) {
            return;
          }
        }
        if (Instant.now().isAfter(end)) {
          throw new IllegalStateException("It did not happen: " + sql);
        }
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
  }

  /** CPU time of a server's processes so far, ended ones included. */
  double cpuMicros(PostgresServer server) {
    return ProcessUse.cpuMicrosWithChildren(server.process().orElseThrow());
  }

  @Override
  public void close() {
    cluster.close();
  }
}
