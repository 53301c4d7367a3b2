package dev.freshet.postgres;

import dev.freshet.protocol.Position;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Finds which server of a URL is the primary: the one that takes writes, and if several do, the one
 * on the latest timeline. A former primary that comes back, or never went, is on an earlier one.
 *
 * <p>All who look for the primary of one URL share a finder, which keeps a connection to each
 * server: to connect and authenticate costs a hundred times what the question does.
 */
public final class PrimaryFinder implements AutoCloseable {

  /** Of connecting, and of each answer. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private static final Map<PostgresUrl, PrimaryFinder> SHARED = new HashMap<>();

  private final PostgresUrl url;
  private final List<Server> servers;

  /** How many use it; guarded by {@link #SHARED}. */
  private int users;

  private boolean closed;
  private Optional<Primary> last = Optional.empty();
  private @Nullable Long lastBeganNanos;

  /**
   * A server that takes writes.
   *
   * @param url of this server alone
   */
  public record Primary(PostgresUrl url, int timeline) {}

  private PrimaryFinder(PostgresUrl url) {
    this.url = url;
    this.servers = url.each().stream().map(Server::new).toList();
  }

  /** The finder of a URL's primary; whoever asks for it closes it. */
  public static PrimaryFinder of(PostgresUrl url) {
    synchronized (SHARED) {
      PrimaryFinder shared = SHARED.computeIfAbsent(url, PrimaryFinder::new);
      shared.users++;
      return shared;
    }
  }

  /**
   * The server of a URL that is the primary now; of one server that one, which nobody asks.
   *
   * @throws NotConnected when none of several is a primary that takes a connection
   */
  public static PostgresUrl now(PostgresUrl url) throws NotConnected {
    return url.servers().size() == 1 ? url : findOnce(url).url();
  }

  /**
   * Asks all servers once.
   *
   * @throws NotConnected when none of them is a primary that takes a connection, with what each
   *     said
   */
  public static Primary findOnce(PostgresUrl url) throws NotConnected {
    try (PrimaryFinder finder = of(url)) {
      Optional<Primary> found = finder.find(Duration.ZERO);
      if (found.isEmpty()) {
        throw NotConnected.noneIsPrimary(url, finder.why());
      }
      return found.get();
    }
  }

  /**
   * Asks all servers at once.
   *
   * @param maxAge an answer to a question that began no longer ago will do, too; with zero, one to
   *     a question that begins after the call
   * @return empty when none of them can be reached and takes writes
   */
  public Optional<Primary> find(Duration maxAge) {
    long called = System.nanoTime();
    synchronized (this) {
      if (closed) {
        return Optional.empty();
      }
      if (lastBeganNanos == null || called - lastBeganNanos > maxAge.toNanos()) {
        lastBeganNanos = System.nanoTime();
        last = ask();
      }
      return last;
    }
  }

  /** Why none was found when it was last looked for, a sentence for each server. */
  synchronized List<String> why() {
    return servers.stream().map(server -> server.why).toList();
  }

  private Optional<Primary> ask() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Optional<Primary>>> asked =
          servers.stream()
              .map(server -> CompletableFuture.supplyAsync(server::ask, threads))
              .toList();
      return asked.stream()
          .flatMap(answer -> answer.join().stream())
          .max(Comparator.comparingInt(Primary::timeline));
    }
  }

  /** Closes the connections when nobody else uses them. */
  @Override
  public void close() {
    synchronized (SHARED) {
      users--;
      if (users > 0) {
        return;
      }
      SHARED.remove(url);
    }
    synchronized (this) {
      closed = true;
      servers.forEach(Server::disconnect);
    }
  }

  /** One server, and the connection to it while it answers. */
  private static final class Server {

    private final PostgresUrl url;
    private @Nullable Connection connection;
    private String why = "";

    Server(PostgresUrl url) {
      this.url = url;
    }

    /** A connection that broke since the last question is replaced: the server may be back. */
    private Optional<Primary> ask() {
      if (connection != null) {
        try {
          return ask(connection);
        } catch (SQLException e) {
          disconnect();
          if (RootCause.isSilence(e)) {
            // To wait for it twice would hold up whoever asks.
            why = url + " does not answer";
            return Optional.empty();
          }
        }
      }
      try {
        connection = connect();
        return ask(connection);
      } catch (SQLException e) {
        why = RootCause.message(e);
        disconnect();
        return Optional.empty();
      }
    }

    private Connection connect() throws SQLException {
      Properties properties = url.properties("freshet-primary", TIMEOUT);
      // A server that halted, or a network that swallows all, must not hold up the others.
      properties.setProperty("socketTimeout", Long.toString(TIMEOUT.toSeconds()));
      return url.connect(properties);
    }

    private Optional<Primary> ask(Connection connection) throws SQLException {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("select pg_is_in_recovery()")) {
        row.next();
        if (row.getBoolean(1)) {
          why = url + " is a replica";
          return Optional.empty();
        }
      }
      Position at = PrimaryPosition.ask(connection);
      return Optional.of(new Primary(url, at.timeline()));
    }

    private void disconnect() {
      Connection broken = connection;
      connection = null;
      if (broken != null) {
        try {
          broken.close();
        } catch (SQLException e) {
          // It is of no more use either way.
        }
      }
    }
  }
}
