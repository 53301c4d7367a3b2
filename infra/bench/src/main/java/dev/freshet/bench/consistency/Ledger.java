package dev.freshet.bench.consistency;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.TimelineHistory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the clients saw, counted, and what they should have seen and did not.
 *
 * <p>What looks like a violation is suspended until the timelines are known: a value that a
 * promotion lost can't be seen, and its loss must have been told.
 */
final class Ledger {

  /** What is checked. */
  enum Promise {
    READ_YOUR_WRITES,
    MONOTONIC_READS,
    STRONG,
    BOUNDED,
    TOKENS_NEVER_GO_BACK,
    NO_FALSE_REFUSAL,
    IDLE_COPIES_CATCH_UP,
    WRITES_HAVE_TOKENS,
    NOTHING_LOST_COMES_BACK,
    COPIES_END_EQUAL,
    LOSSES_ARE_TOLD_ONCE,
    NOTHING_ACKNOWLEDGED_IS_LOST,
    READY_AGAIN
  }

  /**
   * Something that was promised and did not happen.
   *
   * @param at the position of what is missing; what a promotion lost is no violation once that has
   *     begun
   * @param nanos when it was seen
   * @param detail for whoever looks into it
   */
  private record Suspect(Promise promise, Optional<TokenPosition> at, long nanos, String detail) {}

  /** A refusal because of a lost position, which must have been lost. */
  private record Lost(TokenPosition at, String detail) {}

  /**
   * A value that was seen on a later timeline than the first: if that is the last, it must be
   * there.
   */
  private record Back(Key key, int value, int timeline) {}

  /**
   * A value that a copy showed, and the primary did not. PostgreSQL's primary makes a transaction
   * visible after its commit record is written, and a standby as soon as it replays that record, so
   * the standby can be first. It is visible on the primary when it is acknowledged, at the latest.
   */
  private record Early(Key key, int value, long readNanos, String detail) {

    /**
     * Whether the primary may not have shown it yet: its writer had no answer, or never got one.
     */
    boolean isProven() {
      Key.Acknowledged acknowledged = key.acknowledged(value);
      return acknowledged == null || acknowledged.answeredNanos() > readNanos;
    }
  }

  private final List<Suspect> suspects = new ArrayList<>();
  private final List<Lost> losses = new ArrayList<>();
  private final Set<Back> backs = new HashSet<>();
  private final List<Early> earlies = new ArrayList<>();
  private final Map<Promise, List<String>> violations = new EnumMap<>(Promise.class);
  private final Map<String, Long> counts = new TreeMap<>();
  private long promotedNanos = Long.MAX_VALUE;

  synchronized void count(String what) {
    counts.merge(what, 1L, Long::sum);
  }

  synchronized void suspect(Promise promise, Optional<TokenPosition> missing, String detail) {
    suspects.add(new Suspect(promise, missing, System.nanoTime(), detail));
  }

  synchronized void lost(TokenPosition at, String detail) {
    losses.add(new Lost(at, detail));
  }

  /** A value is seen by a session that is on this timeline. */
  synchronized void seenOn(int timeline, Key key, int value) {
    if (timeline > 1) {
      backs.add(new Back(key, value, timeline));
    }
  }

  /** The primary, read since, does not show a value that a copy showed. */
  synchronized void suspectEarly(Key key, int value, long readNanos, String detail) {
    earlies.add(new Early(key, value, readNanos, detail));
  }

  /** A promotion begins: from now on something may be lost. */
  synchronized void promotionBegins() {
    promotedNanos = System.nanoTime();
  }

  /** Whether a promotion took a position away. */
  static boolean isLost(TokenPosition at, TimelineHistory history) {
    if (at.timeline() >= history.current()) {
      return false;
    }
    Optional<Lsn> end = history.end(at.timeline());
    return end.isEmpty() || at.lsn().compareTo(end.get()) > 0;
  }

  /** Decides what was suspended, by the timelines as they came to be. */
  synchronized void settle(TimelineHistory history) {
    for (Suspect suspect : suspects) {
      boolean isExcused =
          suspect.nanos() >= promotedNanos
              && suspect.at().filter(at -> isLost(at, history)).isPresent();
      if (!isExcused) {
        violated(suspect.promise(), suspect.detail());
      }
    }
    suspects.clear();
    for (Lost loss : losses) {
      if (isLost(loss.at(), history)) {
        count("position-lost");
      } else {
        violated(Promise.NO_FALSE_REFUSAL, loss.detail());
      }
    }
    losses.clear();
    backs.stream()
        .filter(back -> back.timeline() == history.current())
        .filter(back -> !back.key().isStored(back.value()))
        .forEach(
            back ->
                violated(
                    Promise.NOTHING_LOST_COMES_BACK,
                    "order %s showed %d on timeline %d"
                        .formatted(back.key().id(), back.value(), back.timeline())));
    backs.clear();
    for (Early early : earlies) {
      if (early.isProven()) {
        count("shown by a copy before the primary, as PostgreSQL may");
      } else {
        violated(Promise.MONOTONIC_READS, early.detail());
      }
    }
    earlies.clear();
    promotedNanos = Long.MAX_VALUE;
  }

  private void violated(Promise promise, String detail) {
    violations.computeIfAbsent(promise, p -> new ArrayList<>()).add(detail);
  }

  synchronized Map<Promise, List<String>> violations() {
    return new EnumMap<>(violations);
  }

  synchronized Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }

  /** How many requests were made. */
  synchronized long operations() {
    return counts.getOrDefault("writes", 0L)
        + counts.entrySet().stream()
            .filter(entry -> entry.getKey().startsWith("reads "))
            .mapToLong(Map.Entry::getValue)
            .sum();
  }
}
