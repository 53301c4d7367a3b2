package dev.freshet.gateway.pool;

import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How many requests an instance answers without getting slower. The limit grows while answers take
 * as long as they usually do, and shrinks by the gradient of the two when they take longer: the
 * algorithm Gradient2 of Netflix's concurrency-limits.
 */
final class AdaptiveLimit {

  private static final int FIRST = 20;

  /** So many give the library enough to go by, while twice the time of an answer passes. */
  private static final int LEAST = 6;

  private static final int MOST = 2_000;

  /** More are let wait at a large limit than at a small one, as the library's notes have it. */
  private static final int LEAST_GROWTH = 4;

  /** The library looks at twice the time of an answer, within these bounds. */
  private static final Duration SHORTEST_LOOK = Duration.ofMillis(100);

  private static final Duration LONGEST_LOOK = Duration.ofSeconds(10);

  private final WindowedLimit limit =
      WindowedLimit.newBuilder()
          .minWindowTime(SHORTEST_LOOK.toMillis(), TimeUnit.MILLISECONDS)
          .maxWindowTime(LONGEST_LOOK.toMillis(), TimeUnit.MILLISECONDS)
          .build(
              Gradient2Limit.newBuilder()
                  .initialLimit(FIRST)
                  .minLimit(LEAST)
                  .maxConcurrency(MOST)
                  .queueSizeFunction(now -> Math.max(LEAST_GROWTH, (int) Math.sqrt(now)))
                  .build());

  /** The limit now. */
  int now() {
    return limit.getLimit();
  }

  /**
   * A request was answered, or its time was over.
   *
   * @param took until the answer's head came
   * @param inFlight how many requests the instance had then
   */
  void sample(Duration took, int inFlight) {
    // Gradient2 goes by times alone: what failed at once would pass for fast, and is left out.
    limit.onSample(System.nanoTime() - took.toNanos(), took.toNanos(), inFlight, false);
  }
}
