package dev.freshet.local.cli;

import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.sync.follow.FollowerState;
import dev.freshet.sync.status.SyncStatus;
import java.io.PrintStream;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits until a part that was started does what it is there for, and says what it waits for. */
final class StartWait {

  private final Supplier<Look> look;
  private final PrintStream out;
  private final Runnable pause;

  /** What one look at the part found. */
  sealed interface Look {

    record Ready() implements Look {}

    /**
     * It is worth waiting.
     *
     * @param why empty as long as that is not known
     */
    record Waiting(String why) implements Look {}

    /** It will not start. */
    record Refused(String why) implements Look {}
  }

  /**
   * Prepares to wait.
   *
   * @param out takes a line on what is waited for, whenever that changes
   * @param pause between two looks
   */
  StartWait(Supplier<Look> look, PrintStream out, Runnable pause) {
    this.look = look;
    this.out = out;
    this.pause = pause;
  }

  /**
   * A sync or a publisher is ready once it streams, or stands by for another that does.
   *
   * @param kind which of both
   */
  static Look of(PartKind kind, SyncStatus.Snapshot sync) {
    return switch (sync.state()) {
      case STREAMING, STANDBY, PAUSED -> new Look.Ready();
      case REFUSED ->
          new Look.Refused(
              "The %s can't start: %s"
                  .formatted(kind == PartKind.PUBLISH ? "publisher" : "sync", sync.reason()));
      case STARTING, SNAPSHOT, RETRYING -> new Look.Waiting(sync.reason());
    };
  }

  /** A follower is ready once it follows, or stands by for another that does. */
  static Look of(FollowerState follower) {
    return switch (follower.phase()) {
      case FOLLOWING, STANDBY -> new Look.Ready();
      case STARTING, RETRYING -> new Look.Waiting(follower.reason());
    };
  }

  /** A backend is ready once it knows how far its database is. */
  static Look of(FreshnessGate source) {
    return source.position() == null
        ? new Look.Waiting(source.trouble().orElse(""))
        : new Look.Ready();
  }

  /**
   * Waits, however long that takes: a database may be starting.
   *
   * @param stopping whether a signal has come, which ends the wait
   * @throws StartFailed when the part refuses to start, with its reason
   */
  void await(BooleanSupplier stopping) {
    String told = "";
    while (!stopping.getAsBoolean()) {
      switch (look.get()) {
        case Look.Ready ignored -> {
          return;
        }
        case Look.Refused(String why) -> throw new StartFailed(why);
        case Look.Waiting(String why) -> {
          if (!why.isEmpty() && !why.equals(told)) {
            told = why;
            out.println("Waiting: " + why);
          }
        }
      }
      pause.run();
    }
  }
}
