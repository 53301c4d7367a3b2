package dev.freshet.gateway.system;

import dev.freshet.protocol.Position;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Where the primary was at moments of the last minute. A copy at or past such a position lacks
 * nothing that was committed before its moment, also when the primary has been idle since.
 */
final class PrimarySamples {

  private static final Duration KEPT = Duration.ofMinutes(1);
  private static final long SPACING_NANOS = Duration.ofMillis(50).toNanos();

  private final LongSupplier nanoTime;
  private final Deque<Sample> samples = new ArrayDeque<>();

  /**
   * Holds none yet.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  PrimarySamples(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * A position.
   *
   * @param nanos when it was asked for, by {@link System#nanoTime}
   */
  private record Sample(Position position, long nanos) {}

  /**
   * Adds a position.
   *
   * @param askedNanos when it was asked for: the position may be later than that, not earlier
   */
  synchronized void add(Position position, long askedNanos) {
    Sample last = samples.peekLast();
    if (last != null && last.position().timeline() != position.timeline()) {
      samples.clear();
    } else if (last != null && askedNanos - last.nanos() < SPACING_NANOS) {
      return;
    }
    samples.addLast(new Sample(position, askedNanos));
    while (askedNanos - samples.getFirst().nanos() > KEPT.toNanos()) {
      samples.removeFirst();
    }
  }

  /** Since when the primary is known to be beyond a position; empty when it was not seen there. */
  synchronized Optional<PrimaryAhead> beyond(Position at) {
    return samples.stream()
        .filter(sample -> isBeyond(sample.position(), at))
        .findFirst()
        .map(first -> new PrimaryAhead(first.nanos(), samples.getLast().nanos()));
  }

  private static boolean isBeyond(Position primary, Position at) {
    return primary.timeline() > at.timeline()
        || (primary.timeline() == at.timeline() && primary.lsn().compareTo(at.lsn()) > 0);
  }

  /** They are of a system that is not served any more. */
  synchronized void forget() {
    samples.clear();
  }

  /** The earliest position whose moment is at most this long ago. */
  synchronized Optional<Position> within(Duration age) {
    long now = nanoTime.getAsLong();
    return samples.stream()
        .filter(sample -> now - sample.nanos() <= age.toNanos())
        .findFirst()
        .map(Sample::position);
  }
}
