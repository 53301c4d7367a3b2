package dev.freshet.sync.log;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What time it is at the source, as far as its log tells. Whatever was stamped there has taken some
 * time to get here; the shortest way so far counts as none.
 */
final class SourceTime {

  /** By how much two clocks may drift apart: NTP's limit of 500 parts in a million. */
  private static final double DRIFT = 500e-6;

  private @Nullable Duration ahead;
  private long observedNanos;

  /**
   * Something that was stamped at the source is here.
   *
   * @param stamp by the source's clock
   * @param now by the clock here
   */
  synchronized void observe(Instant stamp, Instant now) {
    Duration difference = Duration.between(stamp, now);
    long nanos = System.nanoTime();
    if (ahead == null || difference.compareTo(drifted(ahead, nanos)) <= 0) {
      ahead = difference;
      observedNanos = nanos;
    }
  }

  /** It may have become longer meanwhile, by as much as clocks drift. */
  private Duration drifted(Duration shortest, long nanos) {
    return shortest.plusNanos((long) ((nanos - observedNanos) * DRIFT));
  }

  /**
   * The source's time.
   *
   * @param now by the clock here
   */
  synchronized Instant at(Instant now) {
    return ahead == null ? now : now.minus(ahead);
  }
}
