package dev.freshet.sync.status;

import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.status.Observation.State;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the sync is doing, as of its last observation.
 *
 * <p>The lag in seconds is the delay from commit to applied of the last transaction, and while a
 * ping is under way for longer than that, its age: zero while the source writes nothing, growing on
 * a stuck sync.
 */
public final class SyncStatus implements Consumer<Observation> {

  private static final Logger log = LoggerFactory.getLogger(SyncStatus.class);

  private final Clock clock;

  private State state = State.STARTING;
  private String reason = "";
  private Instant since;
  private @Nullable Place applied;
  private @Nullable Progress progress;
  private long changes;
  private @Nullable Long letters;
  private Duration lastDelay = Duration.ZERO;
  private Instant lastApplied = Instant.EPOCH;
  private Place pinged = Place.START;
  private @Nullable Instant oldestPing;
  private @Nullable Place flushed;
  private @Nullable Set<String> views;
  private final SlotGuard guard = new SlotGuard();

  /**
   * Knows nothing yet.
   *
   * @param clock that ages go by
   */
  public SyncStatus(Clock clock) {
    this.clock = clock;
    this.since = Instant.now();
  }

  /**
   * The status at one moment.
   *
   * @param since when the state was entered
   * @param applied null before the first copy is complete
   * @param lagSeconds null before the first copy is complete
   * @param lagBytes null while nothing is streamed
   * @param progress of the copy or build that is under way, or null
   * @param changes changes applied since the start
   * @param letters dead letters that wait, as of the last batch; null while nothing is streamed
   * @param claim how the slot's claim on the log stands; null while it is unknown
   * @param slotSafeSeconds how long it will hold at the rate at which the log is written; null for
   *     ever
   * @param views of the models' schema that the source has; null while that is unknown
   */
  public record Snapshot(
      State state,
      String reason,
      Instant since,
      @Nullable Place applied,
      @Nullable Double lagSeconds,
      @Nullable Long lagBytes,
      @Nullable Progress progress,
      long changes,
      @Nullable Long letters,
      @Nullable Claim claim,
      @Nullable Double slotSafeSeconds,
      @Nullable Set<String> views) {}

  @Override
  public synchronized void accept(Observation observation) {
    switch (observation) {
      case Observation.Became(State next, String why) -> become(next, why);
      case Observation.Progressed(Progress now) -> {
        progress = now.done() ? null : now;
        log.info("{}", now);
      }
      case Observation.ModelChanged(String model, String change, String why) -> {
        if (why.isEmpty()) {
          log.info("Model {}: {}", model, change);
        } else {
          log.warn("Model {}: {}. {}", model, change, why);
        }
      }
      case Observation.ViewsSeen(Set<String> names) -> views = names;
      case Observation.IndexesMadeAgain(Set<String> collations) ->
          log.warn(
              "Rebuilt the read database's indexes, because these collations have another version now: {}",
              String.join(", ", collations));
      case Observation.FolderUnreadable(String why) -> log.warn("{}", why);
      case Observation.Resumed(Place at) -> {
        applied = at;
        lastApplied = clock.instant();
        lastDelay = Duration.ZERO;
        oldestPing = null;
      }
      case Observation.Applied batch -> {
        applied = batch.applied();
        lastApplied = clock.instant();
        batch.transactions().forEach(transaction -> changes += transaction.changes().size());
        letters = batch.letters().values().stream().mapToLong(Long::longValue).sum();
        lastDelay = batch.delay(batch.transactions().getFirst());
        if (batch.applied().isAtOrPast(pinged)) {
          oldestPing = null;
        }
      }
      case Observation.SlotSeen(Claim claim, Place end, Instant at) ->
          tell(guard.observe(claim, end, at));
      case Observation.Level(Place end, Instant at) -> {
        flushed = end;
        lastApplied = at;
        lastDelay = Duration.ZERO;
        oldestPing = null;
      }
      case Observation.SlotUnseen() -> guard.forget();
      case Observation.Marked(Place mark, Place end, Claim claim, Instant at) -> {
        pinged = mark;
        flushed = end;
        tell(guard.observe(claim, end, at));
        if (oldestPing == null) {
          oldestPing = at;
        }
      }
    }
  }

  private void tell(SlotGuard.Word word) {
    switch (word) {
      case NOTHING -> {}
      case GETTING_SHORT ->
          log.warn(
              "The source will give up log that the slot needs when it grows by {} bytes more. Raise max_slot_wal_keep_size there, or find out why the sync is behind",
              guard.claim() == null ? "unknown" : guard.claim().safeBytes());
      case WELL_AGAIN -> log.info("The slot has room again");
    }
  }

  private void become(State next, String why) {
    if (next == state && why.equals(reason)) {
      return;
    }
    switch (next) {
      case STARTING, STANDBY, PAUSED, SNAPSHOT, STREAMING -> log.info("{}. {}", next, why);
      case RETRYING -> log.warn("Interrupted: {}. It is tried again.", why);
      case REFUSED -> log.error("Stopped: {}", why);
    }
    if (next != state) {
      since = Instant.now(); // people compare it with their own clocks
    }
    if (next == State.SNAPSHOT) {
      applied = null;
    }
    if (next != state && next != State.STREAMING && next != State.PAUSED) {
      guard.forget(); // until it is checked again, which is soon
    }
    if (next != State.STREAMING) {
      letters = null;
    }
    state = next;
    reason = why;
  }

  /** The status now. */
  public synchronized Snapshot snapshot() {
    boolean known = applied != null && state != State.STANDBY; // another one knows better
    boolean streaming = state == State.STREAMING;
    return new Snapshot(
        state,
        reason,
        since,
        applied,
        known ? lagSeconds() : null,
        applied == null || flushed == null || !streaming ? null : flushed.since(applied),
        progress,
        changes,
        letters,
        guard.claim(),
        guard.safeSeconds(),
        views);
  }

  private double lagSeconds() {
    Duration lag =
        state == State.STREAMING ? lastDelay : Duration.between(lastApplied, clock.instant());
    if (oldestPing != null) {
      Duration waiting = Duration.between(oldestPing, clock.instant());
      lag = waiting.compareTo(lag) > 0 ? waiting : lag;
    }
    return lag.toNanos() / 1e9;
  }
}
