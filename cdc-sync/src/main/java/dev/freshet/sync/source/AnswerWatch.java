package dev.freshet.sync.source;

import dev.freshet.protocol.PostgresUrl;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a session's databases up when they don't answer any more: one whose machine is gone, or
 * that a network swallows, would be waited for as long as TCP sees fit, a quarter of an hour or for
 * ever. Statements may take as long as they like; so each database is asked something small on a
 * connection of its own, and when that goes unanswered, the session's connections are broken.
 */
public final class AnswerWatch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AnswerWatch.class);

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
  public AnswerWatch(PostgresUrl source, PostgresUrl readDatabase, Consumer<String> givenUp) {
    this.givenUp = givenUp;
    this.source = new Watched("source", source);
    this.readDatabase = new Watched("read database", readDatabase);
  }

  /** Breaks a connection to the source, too, when that is given up. */
  public SourceDatabase ofSource(SourceDatabase database) {
    ofSource(database.connection());
    return database;
  }

  /** Breaks a connection to the source, too, when that is given up. */
  Connection ofSource(Connection connection) {
    return source.guard(connection);
  }

  /** Breaks a connection to the read database, too, when that is given up. */
  public Connection ofReadDatabase(Connection connection) {
    return readDatabase.guard(connection);
  }

  /** Which database was given up; empty while both answer. */
  public Optional<String> silence() {
    return Optional.ofNullable(silence);
  }

  private synchronized void giveUp(Watched silent) {
    if (silence == null && !closed) {
      String why =
          "The %s at %s has not answered for %d s."
              .formatted(
                  silent.name, silent.url, UNANSWERED * ANSWER_WITHIN.plus(ASK_EVERY).toSeconds());
      silence = why;
      givenUp.accept(why);
      silent.guarded.forEach(AnswerWatch::abort);
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
    private final List<Connection> guarded = new CopyOnWriteArrayList<>();
    private final Thread thread;

    Watched(String name, PostgresUrl url) {
      this.name = name;
      this.url = url;
      this.thread = Thread.ofVirtual().name("watch of the " + name).start(this::run);
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
          unanswered = isSilence(e) ? unanswered + 1 : 0;
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
      return DriverManager.getConnection(url.jdbcUrl(), properties);
    }

    /** One that refuses a connection, or has no room for another, has answered. */
    private static boolean isSilence(SQLException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof SocketTimeoutException) {
          return true;
        }
      }
      return false;
    }

    private static void closed(@Nullable Connection connection) {
      if (connection != null) {
        abort(connection);
      }
    }
  }
}
