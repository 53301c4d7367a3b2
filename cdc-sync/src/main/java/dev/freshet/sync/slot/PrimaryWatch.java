package dev.freshet.sync.slot;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryFinder;
import dev.freshet.sync.model.EndSession;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Of several servers another may become the primary, while this one goes on as if it were. */
final class PrimaryWatch {

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final PostgresUrl all;
  private final PostgresUrl primary;
  private final int timeline;

  /**
   * Prepares to watch.
   *
   * @param all servers that may be the primary
   * @param primary the server that is the primary now
   * @param timeline that it is on; a server on an earlier one was the primary before it
   */
  PrimaryWatch(PostgresUrl all, PostgresUrl primary, int timeline) {
    this.all = all;
    this.primary = primary;
    this.timeline = timeline;
  }

  /**
   * Watches until the thread is interrupted.
   *
   * @throws EndSession when another server is the primary
   */
  void run() {
    if (all.servers().size() == 1) {
      return;
    }
    try (PrimaryFinder finder = PrimaryFinder.of(all)) {
      while (!Thread.currentThread().isInterrupted()) {
        Optional<PrimaryFinder.Primary> now = finder.find(LOOK_EVERY.dividedBy(2));
        if (now.isPresent()
            && now.get().timeline() >= timeline
            && !now.get().url().equals(primary)) {
          throw EndSession.outdated("The primary is %s now.".formatted(now.get().url()));
        }
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
  }
}
