package dev.freshet.sync.source;

import dev.freshet.protocol.PostgresUrl;
import dev.freshet.runtime.RootCause;
import dev.freshet.sync.model.SessionOver;
import dev.freshet.sync.model.SyncRefused;
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
 * A session's databases: opens connections to them, and breaks these when a database does not
 * answer any more. One whose machine is gone, or that a network swallows, would be waited for as
 * long as TCP sees fit, a quarter of an hour or for ever. Statements may take as long as they like;
 * so each database is asked something small on a connection of its own.
 */
public final class WatchedDatabases implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WatchedDatabases.class);

  private static final Duration ASK_EVERY = Duration.ofSeconds(2);
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

  /** A pause of either side is no silence. */
  private static final int UNANSWERED = 2;

  private final Consumer<String> givenUp;
  private final Watched source;
  private final Watched readDatabase;
  private volatile @Nullable String silence;
  private boolean closed;

  /**
   * Watches from now on.
   *
   * @param givenUp learns it, once, when a database is given up and its connections are broken
   */
  public WatchedDatabases(PostgresUrl source, PostgresUrl readDatabase, Consumer<String> givenUp) {
    this.givenUp = givenUp;
    this.source = new Watched("source", source);
    this.readDatabase = new Watched("read database", readDatabase);
  }

  /** Connects to the source. */
  public SourceDatabase connectToSource() throws SQLException {
    SourceDatabase database = SourceDatabase.connect(source.url);
    source.guard(database.connection());
    return database;
  }

  /** Makes a lasting slot on the source and keeps its snapshot. */
  public ConsistentSnapshot ofNewSlot(String slot) throws SQLException {
    return ConsistentSnapshot.ofNewSlot(source.url, slot, source::guard);
  }

  /**
   * Takes a snapshot of the source by a slot that lasts no longer than this call.
   *
   * @param slot a name that is free
   */
  public ConsistentSnapshot snapshot(String slot) throws SQLException {
    return ConsistentSnapshot.now(source.url, slot, source::guard);
  }

  /** Opens a connection to the read database. */
  public Connection openReadDatabase(String applicationName) throws SQLException {
    return readDatabase.guard(SourceDatabase.open(readDatabase.url, applicationName));
  }

  /** Opens a connection to the read database to lead by. */
  public Connection openToLead() throws SQLException {
    return readDatabase.guard(SourceDatabase.openToLead(readDatabase.url));
  }

  /** Something that is done with the databases. */
  @FunctionalInterface
  public interface Use<T> {
    T run() throws SQLException;
  }

  /**
   * Does something with them.
   *
   * @throws IllegalStateException which of them was given up, when it failed for that
   */
  public <T> T use(Use<T> use) throws SQLException {
    try {
      return use.run();
    } catch (SyncRefused | SessionOver e) {
      throw e;
    } catch (SQLException | RuntimeException e) {
      String why = silence;
      if (why != null) {
        throw new IllegalStateException(why, e);
      }
      throw e;
    }
  }

  private synchronized void giveUp(Watched silent) {
    if (silence == null && !closed) {
      String why =
          "The %s at %s has not answered for %d s."
              .formatted(
                  silent.name, silent.url, UNANSWERED * ANSWER_WITHIN.plus(ASK_EVERY).toSeconds());
      silence = why;
      givenUp.accept(why);
      silent.all().forEach(WatchedDatabases::abort);
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
    source.thread.interrupt();
    readDatabase.thread.interrupt();
  }

  private final class Watched {

    private final String name;
    private final PostgresUrl url;

    /** Those that nobody uses any more are forgotten. */
    private final Set<Connection> guarded =
        Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private final Thread thread;

    Watched(String name, PostgresUrl url) {
      this.name = name;
      this.url = url;
      this.thread = Thread.ofVirtual().name("watch of the " + name).start(this::run);
    }

    List<Connection> all() {
      synchronized (guarded) {
        return List.copyOf(guarded);
      }
    }

    Connection guard(Connection connection) {
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
            giveUp(this);
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
  }
}
