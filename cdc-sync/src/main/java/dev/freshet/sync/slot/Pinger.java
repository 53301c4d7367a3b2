package dev.freshet.sync.slot;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.ReadDatabase;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceObserver;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the applied position and the lag true on an idle system, too.
 *
 * <p>Once every {@value ReadDatabase#PING_SECONDS} s it asks how far the source's log is. Where the
 * log ends beyond what was applied, it writes a transaction of its own for the sync to arrive at: a
 * ping. Where it does not, the read database is level with the source, and nothing is written
 * there. It also pings when a reader waits for a position that no transaction ends at.
 */
final class Pinger {

  private static final Duration IDLE = Duration.ofSeconds(ReadDatabase.CONFIRM_SECONDS);

  /** However many readers wait, and whatever for. */
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(2);

  /** How often the source's clock and the slot are read while nothing is written. */
  private static final Duration LOOK_WHILE_LEVEL = Duration.ofSeconds(10);

  /** Wishes that wait; beyond that the next ping is due anyway. */
  private static final int MOST_WISHES = 1_000;

  private final SourceDatabase source;
  private final Slot slot;
  private final BlockingQueue<Place> wishes = new ArrayBlockingQueue<>(MOST_WISHES);
  private final Supplier<Place> applied;
  private final SourceObserver observer;
  private final SourceClock sourceClock;
  private final Clock clock;

  private @Nullable Place lastPing;
  private Instant lastLook = Instant.EPOCH;

  /**
   * Prepares to ping.
   *
   * @param applied how far the read database is
   * @param sourceClock is asked again with each ping
   */
  Pinger(
      SourceDatabase source,
      Slot slot,
      Supplier<Place> applied,
      SourceObserver observer,
      SourceClock sourceClock,
      Clock clock) {
    this.source = source;
    this.slot = slot;
    this.applied = applied;
    this.observer = observer;
    this.sourceClock = sourceClock;
    this.clock = clock;
  }

  /** A reader waits for a place; one of many wishes at a time is enough to ping for. */
  void wish(Place wanted) {
    wishes.offer(wanted);
  }

  /** Pings until the thread is interrupted or the connection fails. */
  void run() throws SQLException {
    Instant next = Instant.MIN;
    while (!Thread.currentThread().isInterrupted()) {
      Instant now = clock.instant();
      if (!now.isBefore(next)) {
        look(now);
        next = now.plus(IDLE);
      }
      if (isAnyOutOfReach(wishesWithin(Duration.between(clock.instant(), next)))) {
        next = now.plus(SHORTEST_PAUSE);
      }
    }
  }

  private List<Place> wishesWithin(Duration wait) {
    List<Place> wanted = new ArrayList<>();
    try {
      Place first = wishes.poll(Math.max(1, wait.toMillis()), TimeUnit.MILLISECONDS);
      if (first != null) {
        wanted.add(first);
        wishes.drainTo(wanted);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return wanted;
  }

  private void look(Instant now) throws SQLException {
    long sinceNanos = System.nanoTime();
    Place flushed = source.place();
    Place here = applied.get();
    if (flushed.since(here) > 0) {
      ping(now);
      return;
    }
    observer.level(here, sinceNanos, now);
    if (Duration.between(lastLook, now).compareTo(LOOK_WHILE_LEVEL) >= 0) {
      lastLook = now;
      sourceClock.ask(source);
      observer.sawClaim(slot.claim().orElse(null), flushed, now);
    }
  }

  /** Whether a reader waits for more than what was applied and the last ping will bring. */
  private boolean isAnyOutOfReach(List<Place> wanted) throws SQLException {
    if (wanted.isEmpty()) {
      return false;
    }
    Place flushed = source.place();
    Place here = applied.get();
    return wanted.stream()
        .anyMatch(
            place ->
                place.since(here) > 0
                    && (lastPing == null || place.since(lastPing) > 0)
                    // Nobody has written beyond what is flushed; a ping does not make it so.
                    && place.since(flushed) == 0);
  }

  private void ping(Instant now) throws SQLException {
    Lsn message = source.ping();
    Place flushed = source.place();
    Place mark = new Place(flushed.epoch(), message.value());
    lastPing = mark;
    lastLook = now;
    sourceClock.ask(source);
    observer.marked(mark, flushed, slot.claim().orElse(null), now);
  }
}
