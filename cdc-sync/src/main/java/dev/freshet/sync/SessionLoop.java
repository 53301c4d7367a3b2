package dev.freshet.sync;

import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Session after session, on a thread of its own: whatever leaves one is its end. */
public final class SessionLoop implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SessionLoop.class);

  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final Attempt attempt;
  private final Consumer<SessionEnd> told;
  private final Runnable endSession;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /** One session. */
  @FunctionalInterface
  public interface Attempt {

    /**
     * Goes on until something ends it.
     *
     * @param copyAgain tables whose copies can't be trusted
     */
    SessionEnd run(Set<TableName> copyAgain) throws Exception;
  }

  /**
   * Prepares.
   *
   * @param told takes the end of each session
   * @param endSession has the session under way end soon
   */
  public SessionLoop(String name, Attempt attempt, Consumer<SessionEnd> told, Runnable endSession) {
    this.attempt = attempt;
    this.told = told;
    this.endSession = endSession;
    this.thread = new Thread(this::run, name);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    Restarts restarts = new Restarts();
    Restarts.Next next = Restarts.Next.FIRST;
    while (!isClosed()) {
      long started = System.nanoTime();
      SessionEnd end = runSession(next.copyAgain());
      told.accept(end);
      next = restarts.after(end, Duration.ofNanos(System.nanoTime() - started));
      await(next.pause());
    }
  }

  private SessionEnd runSession(Set<TableName> copyAgain) {
    try {
      return attempt.run(copyAgain);
    } catch (EndSession e) {
      return e.end();
    } catch (SyncRefused e) {
      return new SessionEnd.Refused(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown();
      return new SessionEnd.Stopped();
    } catch (Exception e) {
      return new SessionEnd.Failed(e);
    }
  }

  /** Whether there is to be no other session. */
  public boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void await(Duration pause) {
    try {
      closed.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    endSession.run();
    try {
      if (!thread.join(STOP_TIMEOUT)) {
        log.warn(
            "The session has not ended within {} s, and is left behind: it may hold its databases"
                + " until this process ends. Its thread stands at {}",
            STOP_TIMEOUT.toSeconds(),
            Arrays.toString(thread.getStackTrace()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
