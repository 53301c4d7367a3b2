package dev.freshet.local.system;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.SecretFile;
import dev.freshet.sync.model.TableName;
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
 * The login of the read-backends: it owns nothing, and has the rights of the models' roles only
 * where it asks for them.
 *
 * @param password its own
 */
record ReaderLogin(String password) {

  private static final String NAME = "freshet_reader";

  /**
   * Makes it, with the roles, on the primary and on each read database; replicas have it from the
   * primary.
   *
   * @param roles that the models' files name
   */
  static ReaderLogin make(Cluster cluster, Collection<String> roles) {
    ReaderLogin login = new ReaderLogin(password(cluster.data().path().resolve("reader-password")));
    login.make(cluster.primary(), roles, "replication");
    cluster.readDatabases().forEach(server -> login.make(server, roles, "noreplication"));
    return login;
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

  private void make(PostgresServer server, Collection<String> roles, String replication) {
    try (Connection connection = server.connect();
        Statement sql = connection.createStatement()) {
      makeRole(sql, NAME);
      sql.execute(
          "alter role %s login %s password %s"
              .formatted(NAME, replication, TableName.literal(password)));
      sql.execute(
          "grant pg_read_all_data, pg_read_all_stats to %s with inherit true".formatted(NAME));
      for (String role : roles) {
        makeRole(sql, role);
        sql.execute(
            "grant %s to %s with inherit false, set true".formatted(TableName.quoted(role), NAME));
      }
    } catch (SQLException e) {
      throw new StartFailed(
          "The read-backends' login can't be made on %s: %s".formatted(server.id(), e.getMessage()),
          e);
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
            "Models or settings name the role %s, which no policy holds. Take one that is no superuser and has no BYPASSRLS."
                .formatted(role));
      }
    }
  }

  /** A server as this login. */
  PostgresUrl of(PostgresUrl server) {
    return new PostgresUrl(
        server.servers(), server.database(), NAME, password, server.parameters());
  }

  @Override
  public String toString() {
    return NAME;
  }
}
