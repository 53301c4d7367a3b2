package dev.freshet.sync;

import dev.freshet.sync.capture.ChangeCapture;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What goes on beside a capture, each on a thread of its own. When one fails, all of it ends. */
final class Companions {

  private static final Logger log = LoggerFactory.getLogger(Companions.class);

  /** One that waits for a server that is gone has to be left behind. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ChangeCapture capture;
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable Throwable failure;
  private boolean ending;

  Companions(ChangeCapture capture) {
    this.capture = capture;
  }

  /** What a companion does until its thread is interrupted. */
  @FunctionalInterface
  interface Work {
    void run() throws SQLException;
  }

  void start(String name, Work work) {
    threads.add(Thread.ofVirtual().name(name).start(() -> run(name, work)));
  }

  private void run(String name, Work work) {
    try {
      work.run();
    } catch (Throwable e) {
      log.debug("The {} ended", name, e);
      if (fails(e)) {
        try {
          capture.close();
        } catch (IOException | RuntimeException notClosed) {
          log.warn("The capture can't be closed", notClosed);
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
  void end() throws InterruptedException {
    setEnding();
    threads.forEach(Thread::interrupt);
    long end = System.nanoTime() + PATIENCE.toNanos();
    for (Thread thread : threads) {
      if (!thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
        log.warn("The {} still waits for an answer; it is left behind", thread.getName());
      }
    }
  }

  /** Throws what the first one failed of, if any did. */
  synchronized void rethrow() {
    if (failure != null) {
      throw failure instanceof RuntimeException unchecked
          ? unchecked
          : new IllegalStateException(failure.getMessage(), failure);
    }
  }
}
