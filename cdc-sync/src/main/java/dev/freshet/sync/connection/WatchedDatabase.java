package dev.freshet.sync.connection;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.RootCause;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A database of a session: opens connections to it, and breaks these when it does not answer any
 * more. One whose machine is gone, or that a network swallows, would be waited for as long as TCP
 * sees fit, a quarter of an hour or for ever. Statements may take as long as they like; so the
 * database is asked something small on a connection of its own.
 */
public final class WatchedDatabase implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WatchedDatabase.class);

  private static final Duration ASK_EVERY = Duration.ofSeconds(2);
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

  /** A pause of either side is no silence. */
  private static final int UNANSWERED = 2;

  private final String name;
  private final PostgresUrl url;
  private final Consumer<String> givenUp;

  /** Those that nobody uses any more are forgotten. */
  private final Set<Connection> guarded =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  private final Thread thread;
  private volatile @Nullable String silence;
  private boolean closed;

  /**
   * Watches from now on.
   *
   * @param name for people
   * @param givenUp learns it, once, when the database is given up and its connections are broken
   */
  public WatchedDatabase(String name, PostgresUrl url, Consumer<String> givenUp) {
    this.name = name;
    this.url = url;
    this.givenUp = givenUp;
    this.thread = Thread.ofVirtual().name("watch of the " + name).start(this::run);
  }

  public PostgresUrl url() {
    return url;
  }

  /** Opens a connection with the pinned settings. */
  public Connection open(String applicationName) throws SQLException {
    return guard(Connections.open(url, applicationName));
  }

  /** Opens a connection to lead by. */
  public Connection openToLead() throws SQLException {
    return guard(Connections.openToLead(url));
  }

  /** Breaks a connection when the database is given up. */
  public Connection guard(Connection connection) {
    guarded.add(connection);
    if (silence != null) {
      abort(connection);
    }
    return connection;
  }

  private void run() {
    Connection asking = null;
    int unanswered = 0;
    LockSupport.parkNanos(ASK_EVERY.toNanos());
    while (!Thread.currentThread().isInterrupted()) {
      try {
        if (asking == null) {
          asking = connect();
        }
        try (Statement statement = asking.createStatement()) {
          statement.execute("select 1");
        }
        unanswered = 0;
      } catch (SQLException e) {
        closed(asking);
        asking = null;
        // One that refuses a connection, or has no room for another, has answered.
        unanswered = RootCause.isSilence(e) ? unanswered + 1 : 0;
        if (unanswered == UNANSWERED) {
          giveUp();
          return;
        }
      }
      LockSupport.parkNanos(ASK_EVERY.toNanos());
    }
    closed(asking);
  }

  private Connection connect() throws SQLException {
    Properties properties = url.properties("freshet-sync-watch", ANSWER_WITHIN);
    properties.setProperty("socketTimeout", Long.toString(ANSWER_WITHIN.toSeconds()));
    return url.connect(properties);
  }

  private static void closed(@Nullable Connection connection) {
    if (connection != null) {
      abort(connection);
    }
  }

  private synchronized void giveUp() {
    if (silence == null && !closed) {
      String why =
          "The %s at %s has not answered for %d s."
              .formatted(name, url, UNANSWERED * ANSWER_WITHIN.plus(ASK_EVERY).toSeconds());
      silence = why;
      givenUp.accept(why);
      all().forEach(WatchedDatabase::abort);
    }
  }

  private List<Connection> all() {
    synchronized (guarded) {
      return List.copyOf(guarded);
    }
  }

  /** Elsewhere: with TLS it may wait for a write that is under way. */
  private static void abort(Connection connection) {
    Thread.ofVirtual().start(() -> abortNow(connection));
  }

  private static void abortNow(Connection connection) {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.debug("A connection can't be broken", e);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    thread.interrupt();
  }
}
