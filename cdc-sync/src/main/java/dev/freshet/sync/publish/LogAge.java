package dev.freshet.sync.publish;

import dev.freshet.sync.log.LogAccess;
import dev.freshet.sync.log.LogOldest;
import dev.freshet.sync.log.LogUnreachable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far the log reaches back; checked once a minute, and sooner while it is unknown. */
final class LogAge implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LogAge.class);

  private static final Duration LOOK_EVERY = Duration.ofMinutes(1);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

  private final LogAccess access;
  private final Clock clock;
  private final Thread thread = Thread.ofVirtual().name("log age").unstarted(this::run);
  private volatile @Nullable Instant oldest;

  LogAge(LogAccess access, Clock clock) {
    this.access = access;
    this.clock = clock;
  }

  void start() {
    thread.start();
  }

  /** The age of its oldest record; null while that is unknown. */
  @Nullable Double seconds() {
    Instant known = oldest;
    return known == null ? null : Duration.between(known, clock.instant()).toMillis() / 1_000.0;
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        oldest = LogOldest.at(access).orElse(null);
      } catch (LogUnreachable e) {
        log.debug("How far the log reaches back can't be told", e);
        oldest = null;
      }
      LockSupport.parkNanos((oldest == null ? LOOK_AGAIN : LOOK_EVERY).toNanos());
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
