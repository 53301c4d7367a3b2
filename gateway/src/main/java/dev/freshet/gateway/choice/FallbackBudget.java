package dev.freshet.gateway.choice;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.util.Objects;

/**
 * How many reads may fall back to the primary, of one client and of all together: a system whose
 * copies lag must not drown its primary in reads. Each is a token bucket that holds a second's
 * worth.
 */
public final class FallbackBudget {

  private static final int MOST_CLIENTS = 100_000;
  private static final Duration FORGET_CLIENT = Duration.ofMinutes(1);

  private final Bucket total;
  private final Cache<String, Bucket> clients;
  private final int perClient;

  /**
   * Starts full.
   *
   * @param perSecond of all clients together
   * @param perClient a second, of one client
   */
  public FallbackBudget(int perSecond, int perClient) {
    this.total = bucket(perSecond);
    this.perClient = perClient;
    this.clients =
        Caffeine.newBuilder().maximumSize(MOST_CLIENTS).expireAfterAccess(FORGET_CLIENT).build();
  }

  private static Bucket bucket(int perSecond) {
    return Bucket.builder()
        .withNanosecondPrecision() // by a clock that nobody sets
        .addLimit(limit -> limit.capacity(perSecond).refillGreedy(perSecond, Duration.ofSeconds(1)))
        .build();
  }

  /** Takes one fallback; false when the client or all together have had theirs. */
  public boolean spend(String client) {
    Bucket own = Objects.requireNonNull(clients.get(client, c -> bucket(perClient)));
    return own.tryConsume(1) && total.tryConsume(1);
  }
}
