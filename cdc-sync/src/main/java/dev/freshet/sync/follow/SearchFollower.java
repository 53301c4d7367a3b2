package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.RootCause;
import dev.freshet.protocol.ReadDatabase;
import dev.freshet.search.Progress;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.search.SearchSink;
import dev.freshet.sync.search.SinkFailed;
import dev.freshet.sync.source.Place;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a store in step with a read database.
 *
 * <p>It works in rounds. Each takes a snapshot of the read database, which is at one place, writes
 * all rows to the store that changed since the last round, as they are there, and then says that
 * the store is at this place. Rows of a model that the store does not have yet are written beside
 * the rounds, by {@link Filling}. A round is made when a batch was committed, at most every {@link
 * Settings#pause}, and once a second otherwise, so that readers know how far behind the store is.
 */
public final class SearchFollower implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SearchFollower.class);

  private static final Duration CONFIRM = Duration.ofSeconds(ReadDatabase.CONFIRM_SECONDS);
  private static final Duration FIRST_RETRY = Duration.ofMillis(100);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(20);

  private final Settings settings;
  private final SinkFactory sinks;
  private final FollowerObserver observer;
  private final Clock clock;
  private final Thread thread;
  private volatile boolean closed;

  /** How it is; written by the thread alone. */
  private volatile FollowerState state;

  private final Comparisons comparisons;

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
    this.observer = observer;
    this.clock = clock;
    this.comparisons = new Comparisons(settings.readDatabase());
    this.state =
        new FollowerState(
            FollowerState.Phase.STARTING,
            "",
            clock.instant(),
            null,
            Double.NaN,
            clock.instant(),
            0,
            Map.of());
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
    FollowerState now = state;
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
          become(FollowerState.Phase.STANDBY, "Another process follows for this store.");
        }
        retry = CONFIRM;
      } catch (SQLException | RuntimeException e) {
        if (closed) {
          return;
        }
        become(FollowerState.Phase.RETRYING, reason(e));
        boolean wasWell = System.nanoTime() - began > LONGEST_RETRY.toNanos();
        retry = wasWell ? FIRST_RETRY : min(retry.multipliedBy(2), LONGEST_RETRY);
      }
      park(retry);
    }
  }

  /** What the store says is clear by itself; of a database the root cause says more. */
  static String reason(Exception e) {
    return e instanceof SinkFailed ? String.valueOf(e.getMessage()) : RootCause.message(e);
  }

  private void follow(Connection leading) throws SQLException {
    Registration registration = new Registration(leading, settings.store());
    try (SearchSink sink = sinks.open();
        Connection reading = Snapshot.connect(settings.readDatabase())) {
      new Following(sink, leading, reading, registration).run();
    } catch (SQLException | RuntimeException e) {
      become(FollowerState.Phase.RETRYING, reason(e));
      try {
        registration.report(state, clock.instant());
      } catch (SQLException | RuntimeException unreported) {
        e.addSuppressed(unreported);
      }
      throw e;
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

  private void become(FollowerState.Phase phase, String reason) {
    if (phase != state.phase() || !reason.equals(state.reason())) {
      if (phase == FollowerState.Phase.RETRYING) {
        log.warn("The store is not followed up: {}", reason);
      } else {
        log.info("{}{}", phase.text(), reason.isEmpty() ? "" : ": " + reason);
      }
      tell(
          new FollowerState(
              phase,
              reason,
              clock.instant(),
              state.place(),
              state.lagSeconds(),
              state.lagAt(),
              state.pendingKeys(),
              state.models()));
    }
  }

  private void tell(FollowerState now) {
    state = now;
    observer.became(now);
  }

  /** What is done while this process leads. */
  private final class Following {

    private final SearchSink sink;
    private final Connection connection;
    private final Connection reading;
    private final Registration registration;
    private final Map<String, FollowerState.Model> models = new TreeMap<>();
    private final FillQueue fillings;
    private @Nullable Place told;
    private long toldNanos;
    private Duration took = Duration.ZERO;

    /** With a connection that leads, and one for snapshots. */
    Following(
        SearchSink sink, Connection connection, Connection reading, Registration registration) {
      this.sink = sink;
      this.connection = connection;
      this.reading = reading;
      this.registration = registration;
      this.fillings = new FillQueue(settings.readDatabase(), sink);
    }

    void run() throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute("listen " + ReadDatabase.FOLLOWED_CHANNEL);
      }
      try (fillings) {
        while (!closed) {
          round();
          await();
        }
      }
    }

    /**
     * Until a batch is committed, or it is time to say that nothing was; for as long as the last
     * round took at least, so that a store that is slow is not written to all the time.
     */
    private void await() throws SQLException {
      Duration longest = min(took, LONGEST_RETRY);
      park(settings.pause().compareTo(longest) < 0 ? longest : settings.pause());
      if (!closed) {
        Duration most = fillings.isWaiting() ? settings.pause() : CONFIRM;
        connection.unwrap(PGConnection.class).getNotifications((int) Math.max(1, most.toMillis()));
      }
    }

    private void round() throws SQLException {
      models.clear();
      Map<String, ReadModel> live = DeclaredModels.live(connection, models);
      boolean isNew = registration.of(live.keySet());
      try (Snapshot snapshot = Snapshot.of(reading, live.keySet())) {
        Snapshot.At at = snapshot.at();
        if (!at.isComplete()) {
          become(FollowerState.Phase.RETRYING, "The read database is being copied.");
          registration.report(state, clock.instant());
          return;
        }
        Snapshot.Pending pending = snapshot.pending(settings.store());
        begin(at, isNew);
        live.keySet().retainAll(snapshot.live()); // as of this place, and not of a moment ago
        Map<String, FollowedModel> followed = look(snapshot.connection(), live);
        write(snapshot, pending, followed);
        comparisons.begin(snapshot, followed, sink);
        forget(pending);
        models.putAll(fillings.begin(followed));
        report(at, pending);
      }
    }

    /**
     * A store of another system, or of later places than there are, is begun anew. One that the
     * read database did not know has missed keys, at whatever place it is.
     */
    private void begin(Snapshot.At at, boolean isNew) {
      SearchSink.Origin origin =
          new SearchSink.Origin(at.systemIdentifier(), settings.readDatabase().toString());
      sink.from(origin);
      sink.committedAt(at.committedAt());
      Optional<Progress> progress = sink.progress();
      boolean goesOn =
          progress
              .filter(known -> known.systemIdentifier().equals(at.systemIdentifier()))
              .filter(known -> at.place().isAtOrPast(Place.of(known.place())))
              .isPresent();
      if (!goesOn) {
        log.info("The store begins at {}", at.place());
        sink.begin(at.place());
      } else if (isNew) {
        withdraw(at.place(), sink.served().keySet(), "The read database did not know the store.");
      }
    }

    private void withdraw(Place place, Collection<String> models, String because) {
      List<ModelDelta> resets = new ArrayList<>();
      models.forEach(model -> resets.add(new ModelDelta.Reset(model, because)));
      if (!resets.isEmpty()) {
        sink.apply(new ModelDeltas(sink.place().orElse(place), resets));
      }
    }

    private Map<String, FollowedModel> look(Connection readDatabase, Map<String, ReadModel> live)
        throws SQLException {
      Map<String, FollowedModel> followed = new LinkedHashMap<>();
      for (ReadModel model : live.values()) {
        try {
          FollowedModel.of(readDatabase, model).ifPresent(one -> followed.put(model.name(), one));
        } catch (SyncRefused e) {
          models.put(
              model.name(),
              new FollowerState.Model(FollowerState.Stage.REFUSED, String.valueOf(e.getMessage())));
        }
      }
      return followed;
    }

    private void write(
        Snapshot snapshot, Snapshot.Pending pending, Map<String, FollowedModel> followed)
        throws SQLException {
      Place place = snapshot.at().place();
      reset(place, pending, followed);
      boolean isNews =
          !place.equals(told)
              || !pending.keys().isEmpty()
              || System.nanoTime() - toldNanos > CONFIRM.toNanos();
      if (!isNews) {
        return;
      }
      long began = System.nanoTime();
      try (SearchSink.Round round = sink.round(place)) {
        for (String changed : pending.keys().keySet()) {
          FollowedModel model = followed.get(changed);
          if (model != null) {
            snapshot.changed(
                settings.store(),
                model,
                rows -> {
                  round.rows(rows);
                  registration.report(state, clock.instant()); // a round may be long
                });
          }
        }
        round.end();
      }
      told = place;
      toldNanos = System.nanoTime();
      took = Duration.ofNanos(toldNanos - began);
      observer.wrote(took);
    }

    /**
     * Models of which any row may have another form, or that are not to be in the store any more.
     */
    private void reset(Place place, Snapshot.Pending pending, Map<String, FollowedModel> followed) {
      withdraw(place, pending.resets(), "It was built anew.");
      List<String> others = new ArrayList<>();
      sink.served()
          .forEach(
              (served, index) -> {
                FollowedModel model = followed.get(served);
                if (model == null || !model.index().hasRowsLike(index)) {
                  others.add(served);
                }
              });
      withdraw(
          place,
          others,
          "Its columns, key or search changed, or it is not kept in the store any more.");
    }

    private void forget(Snapshot.Pending pending) throws SQLException {
      if (pending.last() > 0) {
        try (PreparedStatement statement =
            connection.prepareStatement(
                "delete from freshet.followed where store = ? and seq <= ?")) {
          statement.setString(1, settings.store());
          statement.setLong(2, pending.last());
          statement.execute();
        }
      }
    }

    private void report(Snapshot.At at, Snapshot.Pending pending) throws SQLException {
      become(FollowerState.Phase.FOLLOWING, "");
      tell(
          new FollowerState(
              FollowerState.Phase.FOLLOWING,
              "",
              state.since(),
              at.place(),
              at.lagSeconds(),
              clock.instant(),
              pending.all(),
              new HashMap<>(models)));
      registration.report(state, clock.instant());
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
