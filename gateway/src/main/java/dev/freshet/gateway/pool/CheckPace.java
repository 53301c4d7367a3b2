package dev.freshet.gateway.pool;

import java.time.Duration;

/**
 * How long the gateway waits until it checks an instance again: briefly while somebody waits for
 * the instance, and longer while no instance gets requests or while this one stays away.
 */
final class CheckPace {

  /** While requests come. */
  static final Duration IN_USE = Duration.ofMillis(500);

  /**
   * While none come. A request that comes then is sent with the position that it needs, so that
   * older knowledge costs it an attempt at most, never freshness.
   */
  static final Duration UNUSED = Duration.ofSeconds(2);

  /** While an instance is not ready, at first: it may only be starting. */
  static final Duration AWAITED = Duration.ofMillis(100);

  /** How long requests are expected to go on after the last one. */
  static final Duration LULL = Duration.ofSeconds(5);

  /** For how long an instance that is not ready is awaited. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private CheckPace() {}

  /**
   * Until the next check.
   *
   * @param ready whether the instance is
   * @param inState for how long it has been, or has not been
   * @param unused since the last request to any instance was answered
   */
  static Duration pause(boolean ready, Duration inState, Duration unused) {
    if (!ready) {
      return inState.compareTo(PATIENCE) < 0 ? AWAITED : IN_USE;
    }
    return unused.compareTo(LULL) > 0 ? UNUSED : IN_USE;
  }
}
