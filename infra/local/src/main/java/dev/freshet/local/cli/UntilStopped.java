package dev.freshet.local.cli;

import java.util.concurrent.CountDownLatch;

/** Keeps a command going until Ctrl-C or SIGTERM, which then end it with 0. */
final class UntilStopped {

  private UntilStopped() {}

  /**
   * Waits for ever; what was started is stopped by the signal, before the JVM ends.
   *
   * @param started what to stop
   */
  static void run(AutoCloseable started) {
    onSignal(started);
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has the signal stop this. Left to itself, the JVM would end with 130 or 143. */
  static void onSignal(AutoCloseable started) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  int status = 0;
                  try {
                    started.close();
                  } catch (Exception e) {
                    System.err.println("It did not stop cleanly: " + e.getMessage());
                    status = 1;
                  }
                  Runtime.getRuntime().halt(status);
                },
                "stop"));
  }
}
