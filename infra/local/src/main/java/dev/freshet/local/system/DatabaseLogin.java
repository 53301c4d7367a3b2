package dev.freshet.local.system;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.IdempotencyTable;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.SecretFile;
import dev.freshet.sync.model.TableName;
import dev.freshet.write.run.Audit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.Collection;

/**
 * A login of the system's own: it owns nothing, and has the rights of the roles that models and
 * commands name only where it asks for them. Row level security holds it.
 *
 * @param name as the databases know it
 * @param password its own
 */
record DatabaseLogin(String name, String password) {

  private static final String OF_READERS = "pg_read_all_data, pg_read_all_stats";
  private static final String OF_WRITER = OF_READERS + ", pg_write_all_data";

  /**
   * Makes the login of the read-backends, with the roles, on the primary and on each read database;
   * replicas have it from the primary.
   *
   * @param roles that it may ask for
   */
  static DatabaseLogin ofReaders(Cluster cluster, Collection<String> roles) {
    DatabaseLogin login = login(cluster, "reader");
    login.make(cluster.primary(), roles, OF_READERS, "replication");
    cluster
        .readDatabases()
        .forEach(server -> login.make(server, roles, OF_READERS, "noreplication"));
    return login;
  }

  /**
   * Makes the login of the write-backend on the primary, and the tables that are its own.
   *
   * @param roles that it may ask for
   */
  static DatabaseLogin ofWriter(Cluster cluster, Collection<String> roles) {
    DatabaseLogin login = login(cluster, "writer");
    login.make(cluster.primary(), roles, OF_WRITER, "replication");
    try (Connection connection = cluster.primary().connect()) {
      IdempotencyTable.make(connection);
      Audit.make(connection);
    } catch (SQLException e) {
      throw new StartFailed(
          "The tables of idempotency keys and of the audit can't be made: %s"
              .formatted(e.getMessage()),
          e);
    }
    return login;
  }

  private static DatabaseLogin login(Cluster cluster, String of) {
    return new DatabaseLogin(
        "freshet_" + of, password(cluster.data().path().resolve(of + "-password")));
  }

  private static String password(Path file) {
    try {
      SecretFile.makeOnce(
          file, random -> Base64.getUrlEncoder().withoutPadding().encodeToString(random));
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void make(
      PostgresServer server, Collection<String> roles, String rights, String replication) {
    try (Connection connection = server.connect();
        Statement sql = connection.createStatement()) {
      makeRole(sql, name);
      sql.execute(
          "alter role %s login %s password %s"
              .formatted(name, replication, TableName.literal(password)));
      sql.execute("grant %s to %s with inherit true".formatted(rights, name));
      for (String role : roles) {
        makeRole(sql, role);
        sql.execute(
            "grant %s to %s with inherit false, set true".formatted(TableName.quoted(role), name));
      }
    } catch (SQLException e) {
      throw new StartFailed(
          "The login %s can't be made on %s: %s".formatted(name, server.id(), e.getMessage()), e);
    }
  }

  private static void makeRole(Statement sql, String role) throws SQLException {
    try (ResultSet found =
        sql.executeQuery(
            "select rolsuper or rolbypassrls from pg_roles where rolname = "
                + TableName.literal(role))) {
      if (!found.next()) {
        sql.execute("create role " + TableName.quoted(role));
      } else if (found.getBoolean(1)) {
        throw new StartFailed(
            "Models, commands or settings name the role %s, which no policy holds. Take one that is no superuser and has no BYPASSRLS."
                .formatted(role));
      }
    }
  }

  /** A server as this login. */
  PostgresUrl of(PostgresUrl server) {
    return new PostgresUrl(
        server.servers(), server.database(), name, password, server.parameters());
  }

  @Override
  public String toString() {
    return name;
  }
}
