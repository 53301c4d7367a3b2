package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.sync.status.SyncStatus;
import java.io.PrintStream;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The start of a sync: it is ready once it streams, or stands by for another that does. */
final class SyncStart {

  private final Supplier<SyncStatus.Snapshot> status;
  private final PrintStream out;
  private final Runnable pause;

  /**
   * Prepares to wait.
   *
   * @param out is told what the sync waits for, whenever that changes
   * @param pause between two looks
   */
  SyncStart(Supplier<SyncStatus.Snapshot> status, PrintStream out, Runnable pause) {
    this.status = status;
    this.out = out;
    this.pause = pause;
  }

  /**
   * Waits until the sync does what it is there for, however long that takes.
   *
   * @param stopping whether a signal has come, which ends the wait
   * @throws StartFailed when the sync refuses to start, with its reason
   */
  void await(BooleanSupplier stopping) {
    String told = "";
    while (!stopping.getAsBoolean()) {
      SyncStatus.Snapshot now = status.get();
      switch (now.state()) {
        case STREAMING, STANDBY, PAUSED -> {
          return;
        }
        case REFUSED -> throw new StartFailed("The sync can't start: " + now.reason());
        case STARTING, SNAPSHOT, RETRYING -> {
          if (!now.reason().isEmpty() && !now.reason().equals(told)) {
            told = now.reason();
            out.println("Waiting: " + told);
          }
        }
      }
      pause.run();
    }
  }
}
