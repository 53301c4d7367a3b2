package dev.freshet.local.cli;

import java.io.PrintStream;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The start of a backend: it is ready once it knows how far its database is. */
final class SourceStart {

  private final BooleanSupplier isKnown;
  private final Supplier<String> trouble;
  private final PrintStream out;
  private final Runnable pause;

  /**
   * Prepares to wait.
   *
   * @param isKnown whether its position is
   * @param trouble why it is not; empty as long as that is not known either
   * @param out takes a line on what is waited for, whenever that changes
   * @param pause between two looks
   */
  SourceStart(BooleanSupplier isKnown, Supplier<String> trouble, PrintStream out, Runnable pause) {
    this.isKnown = isKnown;
    this.trouble = trouble;
    this.out = out;
    this.pause = pause;
  }

  /**
   * Waits for the database, however long that takes: it may be starting.
   *
   * @param stopping whether a signal has come, which ends the wait
   */
  void await(BooleanSupplier stopping) {
    String told = "";
    while (!isKnown.getAsBoolean() && !stopping.getAsBoolean()) {
      String why = trouble.get();
      if (!why.isEmpty() && !why.equals(told)) {
        told = why;
        out.println("Waiting: " + told);
      }
      pause.run();
    }
  }
}
