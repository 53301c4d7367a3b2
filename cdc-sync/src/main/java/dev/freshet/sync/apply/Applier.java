package dev.freshet.sync.apply;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Applies source transactions to mirrors, models and place, batch by batch, on one connection.
 *
 * <p>Others work {@linkplain #between between} two batches: one at a time, in a transaction of
 * their own, when everything is at the {@linkplain #applied applied} place.
 */
public final class Applier implements AutoCloseable {

  private final ReentrantLock lock = new ReentrantLock(true);

  private final Sql sql;
  private final PositionStore positions;
  private final DeadLetters deadLetters;
  private final FollowedRows followers;
  private final Registry registry;
  private final long epoch;
  private volatile Place applied;

  /** By relation; most of the time there are none to look for. */
  private volatile Map<String, Long> letters;

  /**
   * Takes a read database over.
   *
   * @param stores of the read database, installed; whoever opened them closes them after this
   * @param stored what {@link PositionStore#takeOver} said
   */
  public Applier(Stores stores, PositionStore.Stored stored) {
    this.sql = stores.sql();
    this.positions = stores.positions();
    this.deadLetters = stores.deadLetters();
    this.followers = stores.followers();
    this.registry = new Registry(stores);
    this.epoch = stored.epoch();
    this.applied = stored.place();
    this.letters = deadLetters.counts();
  }

  /** Goes on with what is stored. */
  public void resume() {
    registry.resume();
  }

  /** Empties everything for a first copy; readers stay away until it is complete. */
  public void beginCopy(String systemIdentifier) {
    sql.inTransaction(
        () -> {
          positions.beginCopy(systemIdentifier, epoch);
          registry.clear();
        });
  }

  /** The first copy is complete, and readers may come. */
  public void completeCopy(Place at) {
    sql.inTransaction(() -> positions.completeCopy(at, epoch));
    applied = at;
  }

  /** Stores where the source's earlier epochs ended. */
  public void store(TimelineHistory history) {
    sql.inTransaction(() -> positions.storeHistory(history, epoch));
  }

  /**
   * Works between two batches, in a transaction; what it throws rolls that back.
   *
   * @param work gets what is kept, which is its own until it returns
   * @throws IllegalStateException when another process has taken over since
   */
  public void between(Consumer<Registry> work) {
    lock.lock();
    try {
      sql.inTransaction(
          () -> {
            positions.requireEpoch(epoch);
            deltas().begin(followers.begin(registry.inStores()));
            work.accept(registry);
            followers.write(deltas().ofFollowed());
          });
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** The same with a result. */
  public <T> T askBetween(Function<Registry, T> work) {
    List<T> result = new ArrayList<>(1);
    between(same -> result.add(work.apply(same)));
    return result.getFirst();
  }

  /**
   * Applies whole transactions, in order, in one transaction: rows, models, place.
   *
   * <p>What some rows are refused for goes to the dead letters, and what it touches is not served
   * until it is right; a model whose SELECT or table refuses everything is stopped. The others go
   * on.
   */
  public void apply(List<SourceTransaction> transactions) {
    lock.lock();
    try {
      applyAll(registry.stops().act(transactions, this::applyAll));
    } finally {
      lock.unlock();
    }
  }

  private void applyAll(List<SourceTransaction> transactions) {
    SourceTransaction last = transactions.getLast();
    Map<String, ModelFailed> stopped = new LinkedHashMap<>();
    boolean carefully =
        Attempts.run(
            (asks, without) -> {
              sql.inTransaction(
                  () -> {
                    deltas().begin(followers.begin(registry.inStores()));
                    batch(last.end(), asks, without.keySet()).apply(transactions);
                    followers.write(deltas().ofFollowed());
                    positions.advance(applied, last.end(), last.committedAt(), epoch);
                    without.forEach((model, why) -> registry.storeStopped(model, why.reason()));
                  });
              stopped.putAll(without);
            },
            this::dropFragileIndexes);
    stopped.forEach((model, why) -> registry.stopped(model, why.reason()));
    applied = last.end();
    if (carefully || !letters.isEmpty()) {
      letters = deadLetters.counts();
    }
    PendingChanges.keep(registry.copying(), transactions);
    tell();
  }

  /** Has somebody told what changes in the models from now on, as long as this applier lasts. */
  public void listen(DeltaListener listener) {
    lock.lock();
    try {
      List<String> notKept =
          registry.models().all().stream()
              .map(ModelStore.Stored::name)
              .filter(model -> !registry.maintained().contains(model))
              .toList();
      deltas().add(listener, applied, notKept);
    } finally {
      lock.unlock();
    }
  }

  private Deltas deltas() {
    return registry.kept().deltas();
  }

  private void tell() {
    deltas().tell(applied);
  }

  private boolean dropFragileIndexes(MirrorFailed failed) {
    if (failed.refusal().isOfOurs()) {
      return false;
    }
    List<Boolean> dropped = new ArrayList<>(1);
    sql.inTransaction(
        () -> {
          positions.requireEpoch(epoch);
          dropped.add(failed.mirror().indexes().dropFragile(sql, failed.refusal().isTooLarge()));
        });
    return dropped.getFirst();
  }

  private Batch batch(Place reached, boolean carefully, Set<String> without) {
    return new Batch(registry.kept().without(without), reached, !letters.isEmpty(), carefully);
  }

  /**
   * Stores that the source had nothing beyond a place.
   *
   * @param at what was applied when the source was asked
   * @param sinceNanos when that was, of {@link System#nanoTime}
   * @return false when more was applied since: that says more than this
   */
  public boolean confirmLevel(Place at, long sinceNanos) {
    lock.lock();
    try {
      if (!applied.equals(at)) {
        return false;
      }
      Duration ago = Duration.ofNanos(System.nanoTime() - sinceNanos);
      sql.inTransaction(() -> positions.confirmLevel(at, ago, epoch));
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Tries a dead letter again.
   *
   * @return what the read database still says against it; empty when it went through
   */
  public Optional<String> retry(long id) {
    return settle(id, false);
  }

  /**
   * Gives a dead letter up: what it touches is recomputed from what is there.
   *
   * @return what the read database still says against that; empty when it went through
   */
  public Optional<String> discard(long id) {
    return settle(id, true);
  }

  private Optional<String> settle(long id, boolean givenUp) {
    try {
      return askBetween(
          same -> {
            DeadLetters.Letter letter =
                deadLetters
                    .find(id)
                    .orElseThrow(() -> new NoSuchElementException("No dead letter " + id));
            batch(applied, false, Set.of()).settle(letter, givenUp);
            letters = deadLetters.counts();
            return Optional.empty();
          });
    } catch (ModelFailed | ApplyFailed e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** The names of the models that are followed. */
  public Set<String> followed() {
    return registry.maintained();
  }

  /** The tables whose rows are all there and followed. */
  public Set<TableName> mirrored() {
    return registry.mirrored();
  }

  /** How many dead letters wait, by relation. */
  public Map<String, Long> letters() {
    return letters;
  }

  /** Applied up to here. */
  public Place applied() {
    return applied;
  }

  @Override
  public void close() {
    registry.close();
  }
}
