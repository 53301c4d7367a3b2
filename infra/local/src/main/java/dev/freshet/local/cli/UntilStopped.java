package dev.freshet.local.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Keeps a command going until Ctrl-C or SIGTERM, which then end it with 0. A signal that comes
 * while it starts is heard, too: what is being started is stopped as soon as it can be.
 */
final class UntilStopped {

  private static final int LONGEST_START_SECONDS = 180;

  private UntilStopped() {}

  /**
   * Starts something, says so, and waits for the signal, which stops it before the JVM ends.
   *
   * @param start starts it; when that throws, it has cleaned up after itself
   * @param started called once it runs
   */
  static <T extends AutoCloseable> void run(Supplier<T> start, Consumer<T> started) {
    run(isStopping -> start.get(), started);
  }

  /**
   * The same for what may take long to start.
   *
   * @param start starts it, and breaks that off when it is told that the signal has come
   */
  static <T extends AutoCloseable> void run(
      Function<BooleanSupplier, T> start, Consumer<T> started) {
    CompletableFuture<T> running = new CompletableFuture<>();
    AtomicBoolean stopping = new AtomicBoolean();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(running, stopping), "stop"));
    try {
      T thing = start.apply(stopping::get);
      if (!stopping.get()) {
        started.accept(thing);
      }
      running.complete(thing);
    } catch (RuntimeException e) {
      running.completeExceptionally(e);
      throw e;
    }
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Left to itself, the JVM would end with 130 or 143. */
  private static void stop(
      CompletableFuture<? extends AutoCloseable> running, AtomicBoolean stopping) {
    // One that has failed ends the JVM by itself, with the failure's status.
    boolean isAsked = !running.isCompletedExceptionally();
    stopping.set(true);
    try {
      running.get(LONGEST_START_SECONDS, TimeUnit.SECONDS).close();
      Runtime.getRuntime().halt(0);
    } catch (ExecutionException e) {
      if (isAsked) {
        Runtime.getRuntime().halt(0); // broken off by the signal
      }
    } catch (TimeoutException e) {
      System.err.printf(
          "It neither started nor stopped within %d s, and is ended.%n", LONGEST_START_SECONDS);
      Runtime.getRuntime().halt(1);
    } catch (Exception e) {
      System.err.println("It did not stop cleanly: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    }
  }
}
