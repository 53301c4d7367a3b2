package dev.freshet.sync.capture;

import dev.freshet.sync.model.EndSession;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a session when this machine's clock is set back. Debezium's queue waits by that clock: what
 * it began before would go on for as long as the clock was set back by, and no change would come
 * through until then. A new session begins to wait again.
 */
public final class ClockWatch {

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** What is set back by less is soon over. */
  private static final Duration WORTH_A_SESSION = Duration.ofSeconds(2);

  private ClockWatch() {}

  /** Looks until the thread is interrupted, or the clock was set back. */
  public static void run() {
    long behind = behindMillis();
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      long now = behindMillis();
      if (now - behind > WORTH_A_SESSION.toMillis()) {
        throw EndSession.outdated(
            "This machine's clock was set back by %d s."
                .formatted(Duration.ofMillis(now - behind).toSeconds()));
      }
      behind = now;
    }
  }

  /** How far the clock is behind what has passed, from a beginning that does not matter. */
  private static long behindMillis() {
    return Duration.ofNanos(System.nanoTime()).toMillis() - System.currentTimeMillis();
  }
}
