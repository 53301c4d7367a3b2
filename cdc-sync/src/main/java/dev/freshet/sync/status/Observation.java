package dev.freshet.sync.status;

import dev.freshet.protocol.Position;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.source.Pinger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Everything that is worth telling of keeping in step; log, status and metrics only render it. */
public sealed interface Observation {

  /** What the synchronizer is doing. */
  enum State {
    STARTING,
    STANDBY,
    SNAPSHOT,
    STREAMING,
    RETRYING,
    REFUSED
  }

  /**
   * It does something else now.
   *
   * @param reason why, and for a refusal what to do; empty where there is nothing to say
   */
  record Became(State state, String reason) implements Observation {}

  /** Rows of the first copy were loaded. */
  record Copied(int rows) implements Observation {}

  /**
   * Transactions were applied.
   *
   * @param applied the position after them
   * @param took how long applying took
   * @param at when it was done
   */
  record Applied(List<SourceTransaction> transactions, Position applied, Duration took, Instant at)
      implements Observation {}

  /** Where an earlier run had got to. */
  record Resumed(Position applied) implements Observation {}

  /** A ping was sent. */
  record Pinged(Pinger.Ping ping) implements Observation {}
}
