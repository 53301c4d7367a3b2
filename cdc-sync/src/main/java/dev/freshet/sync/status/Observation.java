package dev.freshet.sync.status;

import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Everything that is worth telling of keeping in step; log, status and metrics only render it. */
public sealed interface Observation {

  /** What the synchronizer is doing. */
  enum State {
    STARTING,
    STANDBY,
    PAUSED,
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

  /** A copy or a build is under way, or done. */
  record Progressed(Progress progress) implements Observation {}

  /**
   * A model is treated otherwise from now on.
   *
   * @param change building, live, stopped, refused or dropped
   * @param reason why, and what to do; empty where there is nothing to say
   */
  record ModelChanged(String model, String change, String reason) implements Observation {}

  /**
   * The source was asked for its views.
   *
   * @param names of those in the models' schema
   */
  record ViewsSeen(Set<String> names) implements Observation {

    public ViewsSeen {
      names = Set.copyOf(names);
    }
  }

  /**
   * The read database's indexes were made again.
   *
   * @param collations that have another version than before
   */
  record IndexesMadeAgain(Set<String> collations) implements Observation {

    /** Copies the names, in their order. */
    public IndexesMadeAgain {
      collations = new TreeSet<>(collations);
    }
  }

  /** The models' folder could not be read; what was declared before goes on. */
  record FolderUnreadable(String reason) implements Observation {}

  /**
   * Transactions were applied.
   *
   * @param applied where the read database is after them
   * @param took how long applying took
   * @param at when it was done, by the source's clock
   * @param letters how many dead letters wait, by relation
   * @param models that are followed
   */
  record Applied(
      List<SourceTransaction> transactions,
      Place applied,
      Duration took,
      Instant at,
      Map<String, Long> letters,
      Set<String> models)
      implements Observation {

    /** From a transaction's commit until it was applied, by the source's clock. */
    Duration delay(SourceTransaction transaction) {
      Duration delay = Duration.between(transaction.committedAt(), at);
      // A clock that differs by a little is no reason for a delay below zero.
      return delay.isNegative() ? Duration.ZERO : delay;
    }
  }

  /** Where an earlier run had got to. */
  record Resumed(Place applied) implements Observation {}

  /**
   * The slot was checked without a ping.
   *
   * @param claim how it stands; null when there is no slot
   * @param flushed how far the source's log is
   */
  record SlotSeen(@Nullable Claim claim, Place flushed, Instant at) implements Observation {}

  /**
   * Everything in the source's log is applied.
   *
   * @param flushed how far the log is
   */
  record Level(Place flushed, Instant at) implements Observation {}

  /** The slot can't be checked now. */
  record SlotUnseen() implements Observation {}

  /**
   * A mark was written into the source, at which the copy will arrive.
   *
   * @param mark where it stands
   * @param flushed how far the source's log is
   */
  record Marked(Place mark, Place flushed, @Nullable Claim claim, Instant at)
      implements Observation {}
}
