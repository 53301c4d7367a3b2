package dev.freshet.runtime;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.PrimaryPosition;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Finds which server of a URL is the primary: the one that takes writes, and if several do, the one
 * on the latest timeline. A former primary that comes back, or never went, is on an earlier one.
 */
public final class PrimaryFinder {

  /** Of connecting, and of each answer. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private PrimaryFinder() {}

  /**
   * A server that takes writes.
   *
   * @param url of this server alone
   */
  public record Primary(PostgresUrl url, int timeline) {}

  /**
   * Asks all servers at once.
   *
   * @return empty when none of them can be reached and takes writes
   */
  public static Optional<Primary> find(PostgresUrl url) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Optional<Primary>>> asked =
          url.each().stream()
              .map(server -> CompletableFuture.supplyAsync(() -> ask(server), threads))
              .toList();
      return asked.stream()
          .flatMap(answer -> answer.join().stream())
          .max(Comparator.comparingInt(Primary::timeline));
    }
  }

  private static Optional<Primary> ask(PostgresUrl server) {
    Properties properties = server.properties("freshet-primary", TIMEOUT);
    // A server that halted, or a network that swallows all, must not hold up the others.
    properties.setProperty("socketTimeout", Long.toString(TIMEOUT.toSeconds()));
    try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), properties);
        Statement statement = connection.createStatement()) {
      try (ResultSet row = statement.executeQuery("select pg_is_in_recovery()")) {
        row.next();
        if (row.getBoolean(1)) {
          return Optional.empty();
        }
      }
      Position at = PrimaryPosition.ask(connection);
      return Optional.of(new Primary(server, at.timeline()));
    } catch (SQLException e) {
      return Optional.empty();
    }
  }
}
