package dev.freshet.gateway.choice;

import io.github.bucket4j.Bucket;
import java.time.Duration;

/**
 * How many reads may be tried again because an instance failed: one for every five reads, and ten a
 * second besides, so that a system that fails is not asked all the more. The shares are those of
 * Finagle's retry budget.
 */
public final class RetryBudget {

  private static final int COST = 5;
  private static final int BESIDES_PER_SECOND = 10;

  /** Of retries that were earned and not needed. */
  private static final int MOST_SAVED = 200;

  private final Bucket bucket =
      Bucket.builder()
          .withNanosecondPrecision() // by a clock that nobody sets
          .addLimit(
              limit ->
                  limit
                      .capacity(COST * MOST_SAVED)
                      .refillGreedy(COST * BESIDES_PER_SECOND, Duration.ofSeconds(1)))
          .build();

  /** A read has come. */
  public void earn() {
    bucket.addTokens(1);
  }

  /** Takes one retry; false when there is none left. */
  public boolean spend() {
    return bucket.tryConsume(COST);
  }
}
