package dev.freshet.sync;

import dev.freshet.protocol.PostgresUrl;
import dev.freshet.runtime.PrimaryFinder;
import dev.freshet.sync.model.SessionOver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Another server is the primary now. */
final class PrimaryMoved extends SessionOver {

  private static final long serialVersionUID = 1L;

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private PrimaryMoved(PostgresUrl now) {
    super("The primary is %s now.".formatted(now));
  }

  /**
   * Of several servers another may become the primary, while this one goes on as if it were. Looks
   * until the thread is interrupted; of a single server there is nothing to look for.
   *
   * @param timeline that {@code primary} is on; a server on an earlier one was the primary before
   *     it
   * @throws PrimaryMoved when another server is the primary
   */
  static void follow(PostgresUrl all, PostgresUrl primary, int timeline) {
    if (all.servers().size() == 1) {
      return;
    }
    try (PrimaryFinder finder = PrimaryFinder.of(all)) {
      while (!Thread.currentThread().isInterrupted()) {
        Optional<PrimaryFinder.Primary> now = finder.find(LOOK_EVERY.dividedBy(2));
        if (now.isPresent()
            && now.get().timeline() >= timeline
            && !now.get().url().equals(primary)) {
          throw new PrimaryMoved(now.get().url());
        }
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
  }
}
