package dev.freshet.gateway.pool;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How an instance does by the requests that it is sent, beside what it says of itself: several that
 * fail in a row eject it, for longer each time; after that, or after it was down, it gets its share
 * of requests little by little. The rules are those of Envoy's outlier detection by consecutive
 * failures, and of its slow start.
 */
final class Standing {

  /** Where an instance stands. */
  enum Phase {
    SOUND,
    SUSPECT,
    EJECTED,
    SLOW_START
  }

  static final int FAILURES_IN_A_ROW = 5;

  /** After each of them others of its kind come first for so long; then it is tried again. */
  static final Duration SUSPECT_FOR = Duration.ofSeconds(1);

  static final Duration FIRST_EJECTION = Duration.ofSeconds(5);
  static final Duration LONGEST_EJECTION = Duration.ofSeconds(60);
  private static final int MOST_COUNTED = (int) LONGEST_EJECTION.dividedBy(FIRST_EJECTION);
  static final Duration SLOW_START = Duration.ofSeconds(10);

  /** After so long without another one an ejection is forgotten. */
  static final Duration FORGIVEN_AFTER = Duration.ofSeconds(30);

  private static final double SMALLEST_SHARE = 0.1;
  private static final long NEVER = Long.MIN_VALUE;

  private final LongSupplier nanoTime;
  private volatile int failures;
  private volatile long failedAt;
  private volatile long ejectedUntil = NEVER;
  private volatile long slowSince = NEVER;
  private int ejections;
  private volatile String reason = "";

  /**
   * Starts sound.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  Standing(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  Phase phase() {
    if (failures == 0 && slowSince == NEVER) {
      return Phase.SOUND;
    }
    long now = nanoTime.getAsLong();
    if (ejectedUntil != NEVER && now - ejectedUntil < 0) {
      return Phase.EJECTED;
    }
    if (failures > 0 && now - failedAt < SUSPECT_FOR.multipliedBy(failures).toNanos()) {
      return Phase.SUSPECT;
    }
    return slowSince != NEVER && now - slowSince < SLOW_START.toNanos()
        ? Phase.SLOW_START
        : Phase.SOUND;
  }

  /** Why it is suspected or ejected; empty where it is neither. */
  String reason() {
    return switch (phase()) {
      case SUSPECT, EJECTED -> reason;
      case SLOW_START -> "its share of requests is growing";
      case SOUND -> "";
    };
  }

  /** What part of its usual share of requests it should get now, 0 to 1. */
  double share() {
    return phase() == Phase.SLOW_START
        ? Math.max(
            SMALLEST_SHARE, (double) (nanoTime.getAsLong() - slowSince) / SLOW_START.toNanos())
        : 1;
  }

  /** A request was answered. */
  void succeeded() {
    if (failures > 0) {
      failures = 0;
    }
  }

  /**
   * A request failed, and the instance is to blame.
   *
   * @return how long it is ejected for now; zero when it is not
   */
  synchronized Duration failed(String why) {
    Phase phase = phase();
    if (phase == Phase.EJECTED) {
      return Duration.ZERO;
    }
    boolean isOnTrial = phase == Phase.SLOW_START && slowSince == ejectedUntil;
    failures++;
    failedAt = nanoTime.getAsLong();
    if (failures < FAILURES_IN_A_ROW && !isOnTrial) {
      reason = why;
      return Duration.ZERO;
    }
    long now = failedAt;
    if (ejectedUntil != NEVER) {
      ejections -= (int) Math.min(ejections, (now - ejectedUntil) / FORGIVEN_AFTER.toNanos());
    }
    ejections = Math.min(ejections + 1, MOST_COUNTED);
    Duration ejected = FIRST_EJECTION.multipliedBy(ejections);
    reason =
        "%s, and is ejected for %d s: %s"
            .formatted(
                isOnTrial ? "it failed again" : "%d requests in a row failed".formatted(failures),
                ejected.toSeconds(),
                why);
    ejectedUntil = now + ejected.toNanos();
    slowSince = ejectedUntil;
    failures = 0;
    return ejected;
  }

  /** It was out of use for another reason, and is back. */
  synchronized void returned() {
    if (phase() != Phase.EJECTED) {
      failures = 0;
      slowSince = nanoTime.getAsLong();
    }
  }
}
