package dev.freshet.runtime.watch;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at files again and again, on a thread of its own. Notices of the file system are no help
 * where files are mounted from elsewhere, as they are in Kubernetes.
 */
public final class Watch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Watch.class);

  private static final Duration ENDED_WITHIN = Duration.ofSeconds(5);

  private final Duration every;
  private final Runnable look;
  private final Thread thread;

  /**
   * Does not look yet.
   *
   * @param name of the thread
   * @param look what is done each time; a failure of it is logged, and it is done again
   */
  public Watch(String name, Duration every, Runnable look) {
    this.every = every;
    this.look = look;
    this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
  }

  /** Looks from now on. */
  public void start() {
    thread.start();
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(every.toNanos());
      try {
        look.run();
      } catch (RuntimeException e) {
        log.error("{} could not look; it is tried again", thread.getName(), e);
      }
    }
  }

  /** Waits for a look that is under way. */
  @Override
  public void close() {
    if (thread.getState() == Thread.State.NEW) {
      return; // one that never looked can't be waited for
    }
    thread.interrupt();
    try {
      thread.join(ENDED_WITHIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
