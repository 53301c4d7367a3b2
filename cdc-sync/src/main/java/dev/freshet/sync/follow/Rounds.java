package dev.freshet.sync.follow;

import dev.freshet.protocol.ReadDatabase;
import dev.freshet.search.Progress;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.search.Origin;
import dev.freshet.sync.search.SearchSink;
import dev.freshet.sync.source.Place;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a follower does while its process leads. Each round takes a snapshot of the read database,
 * which is at one place, writes all rows to the store that changed since the last round, as they
 * are there, and then says that the store is at this place.
 */
final class Rounds implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Rounds.class);

  /** How often the store hears of a place at which nothing changed. */
  static final Duration CONFIRM = Duration.ofSeconds(ReadDatabase.CONFIRM_SECONDS);

  /** A follower writes every second; another one may write once it has been silent for so long. */
  private static final Duration OTHER_IS_GONE = Duration.ofSeconds(30);

  private final SearchFollower.Settings settings;
  private final SearchSink sink;
  private final Connection reading;
  private final Registration registration;
  private final LatestState state;
  private final String writer;
  private final Map<String, FollowerState.Model> models = new TreeMap<>();
  private final FillQueue fillings;
  private @Nullable Place told;
  private long toldNanos;
  private Duration took = Duration.ZERO;

  private Rounds(
      SearchFollower.Settings settings,
      SearchSink sink,
      Connection reading,
      Registration registration,
      LatestState state,
      String writer) {
    this.settings = settings;
    this.sink = sink;
    this.reading = reading;
    this.registration = registration;
    this.state = state;
    this.writer = writer;
    this.fillings = new FillQueue(settings.readDatabase(), sink);
  }

  /** Prepares for them, with a connection of its own for snapshots. */
  static Rounds open(
      SearchFollower.Settings settings,
      SearchSink sink,
      Registration registration,
      LatestState state)
      throws SQLException {
    String writer = registration.writer();
    return new Rounds(
        settings, sink, Snapshot.connect(settings.readDatabase()), registration, state, writer);
  }

  /** How long the last batch took to write. */
  Duration took() {
    return took;
  }

  /** Whether rows of a model are written, and wait for the store's place. */
  boolean isFillingWaiting() {
    return fillings.isWaiting();
  }

  /**
   * Writes what changed.
   *
   * @param leading the connection that leads
   * @param comparisons that may begin now, with both sides at one place
   */
  void round(Connection leading, Comparisons comparisons) throws SQLException {
    models.clear();
    Map<String, ReadModel> live = DeclaredModels.live(leading, models);
    boolean isNew = registration.of(live.keySet());
    try (Snapshot snapshot = Snapshot.of(reading, live.keySet())) {
      Snapshot.At at = snapshot.at();
      if (!at.isComplete()) {
        state.become(FollowerState.Phase.RETRYING, "The read database is being copied.");
        registration.report(state);
        return;
      }
      Snapshot.Pending pending = snapshot.pending(settings.store());
      begin(at, isNew);
      live.keySet().retainAll(snapshot.live()); // as of this place, and not of a moment ago
      Map<String, FollowedModel> followed = look(snapshot.connection(), live);
      write(snapshot, pending, followed);
      comparisons.begin(snapshot, followed, sink);
      forget(leading, pending);
      models.putAll(fillings.begin(followed));
      state.follows(at, pending.all(), models);
      registration.report(state);
    }
  }

  /**
   * A store of another system, or of later places than there are, is begun again. One that the read
   * database did not know has missed keys, at whatever place it is.
   */
  private void begin(Snapshot.At at, boolean isNew) {
    sink.from(new Origin(at.systemIdentifier(), settings.readDatabase().toString(), writer));
    sink.committedAt(at.committedAt());
    Optional<Progress> progress = sink.progress();
    progress.ifPresent(this::requireNoOther);
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

  /** Where two followers wrote to one store, each would take away what the other has written. */
  private void requireNoOther(Progress progress) {
    Duration ago = Duration.between(progress.writtenAt(), state.clock().instant());
    boolean isOther = !progress.writer().isEmpty() && !progress.writer().equals(writer);
    if (isOther && ago.abs().compareTo(OTHER_IS_GONE) < 0) {
      throw new IllegalStateException(
          "Another follower writes to this store: %s, of %s. Stop it, or follow into a store of its own; this one goes on %d s after the other's last write."
              .formatted(progress.writer(), progress.origin(), OTHER_IS_GONE.toSeconds()));
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
                registration.report(state); // a round may be long
              });
        }
      }
      round.end();
    }
    told = place;
    toldNanos = System.nanoTime();
    took = Duration.ofNanos(toldNanos - began);
    state.wrote(took);
  }

  /** Models of which any row may have another form, or that are not to be in the store any more. */
  private void reset(Place place, Snapshot.Pending pending, Map<String, FollowedModel> followed) {
    withdraw(place, pending.resets(), "It was rebuilt.");
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

  private void forget(Connection leading, Snapshot.Pending pending) throws SQLException {
    if (pending.last() > 0) {
      try (PreparedStatement statement =
          leading.prepareStatement("delete from freshet.followed where store = ? and seq <= ?")) {
        statement.setString(1, settings.store());
        statement.setLong(2, pending.last());
        statement.execute();
      }
    }
  }

  @Override
  public void close() throws SQLException {
    try (reading) {
      fillings.close();
    }
  }
}
