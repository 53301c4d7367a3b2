package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;

/** What the log holds, in order. */
sealed interface LogEntry {

  /** A transaction of the source; its changes are the taker's to close. */
  record Committed(SourceTransaction transaction) implements LogEntry {}

  /**
   * Something else than a transaction.
   *
   * @param after where the transaction before it ends
   * @param end where it goes on: elsewhere after a gap
   * @param at when it was told, by the source's clock
   * @param content JSON, or nothing
   */
  record Told(Chunk.Kind kind, Place after, Place end, Instant at, String content)
      implements LogEntry {}
}
