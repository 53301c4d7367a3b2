package dev.freshet.sync.model;

import java.util.Set;

/** How a session ended; what follows is the matter of whoever started it. */
public sealed interface SessionEnd {

  /** Somebody had it end. */
  record Stopped() implements SessionEnd {}

  /** Another process keeps this read database in step. */
  record OtherLeads() implements SessionEnd {}

  /** An operator paused it. */
  record Paused() implements SessionEnd {}

  /**
   * It was built on what is no longer true; the next session goes on from what was applied.
   *
   * @param why a sentence
   */
  record Outdated(String why) implements SessionEnd {}

  /**
   * A row came with other columns than the table has: the table was altered since, or the change is
   * from before.
   */
  record UnclearColumns(TableName table) implements SessionEnd {}

  /** Copies were found to differ from their tables: they are made again. */
  record CopiesDiffer(Set<TableName> tables) implements SessionEnd {

    public CopiesDiffer {
      tables = Set.copyOf(tables);
    }
  }

  /**
   * Going on would lose rows, or can't work before somebody changes something.
   *
   * @param reason says what to do, too
   */
  record Refused(String reason) implements SessionEnd {}

  /** Something failed that may work next time. */
  record Failed(Exception cause) implements SessionEnd {}
}
