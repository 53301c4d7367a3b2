package dev.freshet.sync.task;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes on beside something that runs, each on a thread of its own. When one fails, that is
 * ended.
 */
public final class BackgroundTasks {

  private static final Logger log = LoggerFactory.getLogger(BackgroundTasks.class);

  /** One that waits for a server that is gone has to be left behind. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Runnable end;
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable Throwable failure;
  private boolean ending;

  /**
   * Nothing is started yet.
   *
   * @param end ends what they go on beside
   */
  public BackgroundTasks(Runnable end) {
    this.end = end;
  }

  /** What a task does until its thread is interrupted. */
  @FunctionalInterface
  public interface Work {
    void run() throws SQLException;
  }

  public void start(String name, Work work) {
    threads.add(Thread.ofVirtual().name(name).start(() -> run(name, work)));
  }

  private void run(String name, Work work) {
    try {
      work.run();
    } catch (Throwable e) {
      log.debug("The {} ended", name, e);
      if (fails(e)) {
        try {
          end.run();
        } catch (RuntimeException notEnded) {
          log.warn("What the {} goes on beside can't be ended", name, notEnded);
        }
      }
    }
  }

  /** Whether it is the first to fail, and not because it was told to end. */
  private synchronized boolean fails(Throwable e) {
    boolean isFirst = failure == null && !ending;
    if (isFirst) {
      failure = e;
    }
    return isFirst;
  }

  private synchronized void setEnding() {
    ending = true;
  }

  /** Has them end, and waits for it. */
  public void end() {
    setEnding();
    threads.forEach(Thread::interrupt);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (Thread thread : threads) {
      try {
        if (!thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
          log.warn("The {} still waits for an answer; it is left behind", thread.getName());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Throws the failure of the first one that failed, if any did. */
  public synchronized void rethrow() {
    if (failure != null) {
      throw failure instanceof RuntimeException unchecked
          ? unchecked
          : new IllegalStateException(failure.getMessage(), failure);
    }
  }
}
