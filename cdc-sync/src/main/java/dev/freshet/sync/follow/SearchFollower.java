package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.RootCause;
import dev.freshet.protocol.ReadDatabase;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.connection.SqlStates;
import dev.freshet.sync.search.SearchSink;
import dev.freshet.sync.search.SinkFailed;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a store in step with a read database.
 *
 * <p>It works in {@linkplain Rounds rounds}. One is made when a batch was committed, at most every
 * {@link Settings#pause}, and once a second otherwise, so that readers know how far behind the
 * store is. Rows of a model that the store does not have yet are written beside them, by {@link
 * Filling}.
 */
public final class SearchFollower implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SearchFollower.class);

  private static final Duration FIRST_RETRY = Duration.ofMillis(100);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(20);

  private final Settings settings;
  private final SinkFactory sinks;
  private final LatestState state;
  private final Comparisons comparisons;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * What is followed, and how.
   *
   * @param readDatabase with a login that may lock and read the models' tables, and write {@code
   *     freshet.store} and {@code freshet.followed}
   * @param store the store's name there
   * @param pause after a round, at least
   */
  public record Settings(PostgresUrl readDatabase, String store, Duration pause) {}

  /** Opens the store. */
  public interface SinkFactory {

    /** A sink that is closed by whoever opened it. */
    SearchSink open();
  }

  /** Prepares to follow. */
  public SearchFollower(
      Settings settings, SinkFactory sinks, FollowerObserver observer, Clock clock) {
    this.settings = settings;
    this.sinks = sinks;
    this.state = new LatestState(observer, clock);
    this.comparisons = new Comparisons(settings.readDatabase());
    this.thread = Thread.ofPlatform().name("follower").unstarted(this::run);
  }

  /** Starts to follow. */
  public void start() {
    thread.start();
  }

  /**
   * Compares a model's rows in the store with the read database's, at one place.
   *
   * @throws Comparisons.Refused when readers do not get this model from the store
   * @throws NoSuchElementException when no such model is to be in the store
   * @throws SinkFailed when the store does not give its rows
   */
  Comparisons.Compared compare(String model) throws SQLException {
    FollowerState now = state.now();
    if (now.phase() != FollowerState.Phase.FOLLOWING) {
      throw new Comparisons.Refused(
          "The follower is %s. %s".formatted(now.phase().text(), now.reason()).strip());
    }
    if (!now.models().containsKey(model)) {
      throw new NoSuchElementException(
          "There is no model '%s' with 'stores: [search]' in the read database".formatted(model));
    }
    return comparisons.compare(model);
  }

  private void run() {
    Duration retry = FIRST_RETRY;
    while (!closed) {
      long began = System.nanoTime();
      try (Connection leading = Connections.openToLead(settings.readDatabase())) {
        if (lead(leading)) {
          follow(leading);
        } else {
          state.become(FollowerState.Phase.STANDBY, "Another process follows for this store.");
        }
        retry = Rounds.CONFIRM;
      } catch (SQLException | RuntimeException e) {
        if (closed) {
          return;
        }
        state.become(FollowerState.Phase.RETRYING, reason(e));
        boolean wasWell = System.nanoTime() - began > LONGEST_RETRY.toNanos();
        retry = wasWell ? FIRST_RETRY : min(retry.multipliedBy(2), LONGEST_RETRY);
      }
      park(retry);
    }
  }

  /** What the store says is clear by itself; of a database the root cause says more. */
  static String reason(Exception e) {
    if (e instanceof SQLException failure
        && SqlStates.UNDEFINED_TABLE.equals(failure.getSQLState())) {
      return "No sync has written to the read database yet (%s). Start one."
          .formatted(RootCause.message(e));
    }
    return e instanceof SinkFailed ? String.valueOf(e.getMessage()) : RootCause.message(e);
  }

  private void follow(Connection leading) throws SQLException {
    Registration registration = new Registration(leading, settings.store());
    try (Statement statement = leading.createStatement()) {
      statement.execute("listen " + ReadDatabase.FOLLOWED_CHANNEL);
    }
    try (SearchSink sink = sinks.open();
        Rounds rounds = Rounds.open(settings, sink, registration, state)) {
      while (!closed) {
        rounds.round(leading, comparisons);
        await(leading, rounds);
      }
    } catch (SQLException | RuntimeException e) {
      try {
        state.retries(reason(e), registration.pendingKeys());
        registration.report(state);
      } catch (SQLException | RuntimeException unreported) {
        e.addSuppressed(unreported);
      }
      throw e;
    }
  }

  /**
   * Until a batch is committed, or it is time to say that nothing was; for as long as the last
   * round took at least, so that a store that is slow is not written to all the time.
   */
  private void await(Connection leading, Rounds rounds) throws SQLException {
    Duration longest = min(rounds.took(), LONGEST_RETRY);
    park(settings.pause().compareTo(longest) < 0 ? longest : settings.pause());
    if (!closed) {
      Duration most = rounds.isFillingWaiting() ? settings.pause() : Rounds.CONFIRM;
      leading.unwrap(PGConnection.class).getNotifications((int) Math.max(1, most.toMillis()));
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void park(Duration duration) {
    if (!closed) {
      LockSupport.parkNanos(duration.toNanos());
    }
  }

  /** One process follows for a store; its server notices when it is gone. */
  private boolean lead(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "select pg_try_advisory_lock(hashtextextended('freshet.store.' || ?, 0))")) {
      statement.setString(1, settings.store());
      try (ResultSet row = statement.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      if (!thread.join(STOPPED_WITHIN)) {
        log.warn("The follower did not stop within {} s", STOPPED_WITHIN.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
