package dev.freshet.sync.apply;

import java.util.function.Consumer;

/**
 * How a batch is tried until it is applied.
 *
 * <p>At first all its rows go together. Once some of them are refused, it is tried again row by
 * row, and what is refused then goes to the dead letters. A model that refuses whatever the rows
 * are, or still refuses row by row, is stopped, and the batch is tried without it. What the read
 * database refuses of the tables themselves, for another reason than their rows, ends the attempts.
 */
final class Attempts {

  private Attempts() {}

  /** Applies a batch in a transaction of its own; what it throws has rolled that back. */
  @FunctionalInterface
  interface Attempt {

    /**
     * Tries.
     *
     * @param carefully whether refused rows go to the dead letters, one by one
     * @throws ModelFailed when a model refused it
     * @throws ApplyFailed when a table did
     */
    void run(boolean carefully);
  }

  /**
   * Tries until it works.
   *
   * @param stop stops a model for good, so that the next attempt does without
   * @return whether it took a careful attempt
   * @throws ApplyFailed when it can't work
   */
  static boolean run(Attempt attempt, Consumer<ModelFailed> stop) {
    boolean carefully = false;
    while (true) {
      try {
        attempt.run(carefully);
        return carefully;
      } catch (ModelFailed e) {
        if (carefully || !e.isByRows()) {
          stop.accept(e);
        }
      } catch (ApplyFailed e) {
        if (carefully || !e.isByRows()) {
          throw e;
        }
      }
      carefully = true;
    }
  }
}
