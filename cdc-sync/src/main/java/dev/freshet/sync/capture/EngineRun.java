package dev.freshet.sync.capture;

import io.debezium.engine.DebeziumEngine;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of Debezium's engine, which ends when it is closed.
 *
 * <p>The engine refuses to be stopped while it starts, and when it has stopped. One that is stopped
 * just as it begins to poll may throw the polling task away before that has run, and then waits for
 * its end for ever: its thread is interrupted.
 */
final class EngineRun {

  private static final Logger log = LoggerFactory.getLogger(EngineRun.class);

  private static final Duration ASK_AGAIN = Duration.ofMillis(20);

  private final DebeziumEngine<?> engine;
  private final Duration stopTimeout;
  private final Duration endTimeout;
  private final BooleanSupplier isHandling;
  private final CountDownLatch ended = new CountDownLatch(1);

  // Guarded by this.
  private @Nullable Thread thread;
  private boolean isInterrupted;

  /**
   * Prepares a run.
   *
   * @param stopTimeout how long the engine may refuse to be stopped
   * @param endTimeout how long its run may take to end once it is stopped and handles nothing
   * @param isHandling whether events are being handled, which may take long
   */
  EngineRun(
      DebeziumEngine<?> engine,
      Duration stopTimeout,
      Duration endTimeout,
      BooleanSupplier isHandling) {
    this.engine = engine;
    this.stopTimeout = stopTimeout;
    this.endTimeout = endTimeout;
    this.isHandling = isHandling;
  }

  /** Runs the engine until it ends. */
  void run() {
    synchronized (this) {
      thread = Thread.currentThread();
    }
    try {
      engine.run();
    } finally {
      ended.countDown();
      synchronized (this) {
        thread = null;
        if (isInterrupted) {
          boolean _ = Thread.interrupted(); // it was the engine that was meant
        }
      }
    }
  }

  /** Has the run end; it does so soon, or once what is being handled is. */
  void close() throws IOException {
    long end = System.nanoTime() + stopTimeout.toNanos();
    while (ended.getCount() > 0 && System.nanoTime() < end) {
      try {
        engine.close();
        Thread _ = Thread.ofVirtual().name("engine-end").start(this::awaitEnd);
        return;
      } catch (IllegalStateException notNow) {
        log.trace("The engine can't be stopped now", notNow);
        LockSupport.parkNanos(ASK_AGAIN.toNanos());
      }
    }
    if (ended.getCount() > 0) {
      log.warn(
          "The engine could not be stopped for {} s; it ends once it has started, or failed to",
          stopTimeout.toSeconds());
    }
  }

  private void awaitEnd() {
    try {
      while (!ended.await(endTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
        if (!isHandling.getAsBoolean()) {
          interrupt();
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void interrupt() {
    Thread running = thread;
    if (running != null) {
      log.info("The engine was stopped and waits all the same; its wait is interrupted");
      isInterrupted = true;
      running.interrupt();
    }
  }
}
