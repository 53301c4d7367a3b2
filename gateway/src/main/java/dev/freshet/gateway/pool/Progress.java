package dev.freshet.gateway.pool;

import dev.freshet.gateway.system.PrimaryAhead;
import dev.freshet.protocol.Position;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A copy's progress beside the primary's, by the positions of both: what a copy that is cut off
 * says of itself may be wrong, as it knows nothing of what it lacks.
 */
public final class Progress {

  /** What stands still for so long, while the primary goes on, is stuck. */
  public static final Duration STUCK_AFTER = Duration.ofSeconds(5);

  /** Positions are asked for one after the other, and of an idle system they move by pings. */
  private static final Duration IMPRECISION = Duration.ofSeconds(3);

  private static final double NANOS_PER_SECOND = 1e9;

  private @Nullable Position position;
  private long reached;
  private @Nullable PrimaryAhead beyond;

  /**
   * Takes where it is.
   *
   * @param primary since when the primary is beyond that; empty when it is not
   * @param nanos when it was asked, by {@link System#nanoTime}
   */
  public synchronized void seen(Position now, Optional<PrimaryAhead> primary, long nanos) {
    PrimaryAhead before = now.equals(position) ? beyond : null;
    if (!now.equals(position)) {
      position = now;
      reached = nanos;
    }
    // What is known of the primary ends a minute ago.
    beyond =
        primary
            .map(
                known ->
                    before == null
                        ? known
                        : new PrimaryAhead(Math.min(before.since(), known.since()), known.until()))
            .orElse(null);
  }

  /**
   * How far behind it is.
   *
   * @param told what it says of itself; null when it does not
   */
  synchronized @Nullable Double lagSeconds(@Nullable Double told) {
    PrimaryAhead known = beyond;
    if (known == null || known.until() - known.since() < IMPRECISION.toNanos()) {
      return told;
    }
    double lacking = (known.until() - known.since()) / NANOS_PER_SECOND;
    return told == null || told < lacking ? Double.valueOf(lacking) : told;
  }

  /** Whether it has not moved for a while in which the primary went on. */
  public synchronized boolean isStuck() {
    PrimaryAhead known = beyond;
    return known != null
        && known.until() - Math.max(known.since(), reached) >= STUCK_AFTER.toNanos();
  }

  /** Where it stands still; for people. */
  public synchronized String reason() {
    return "it stands still at %s, and the primary goes on".formatted(position);
  }
}
