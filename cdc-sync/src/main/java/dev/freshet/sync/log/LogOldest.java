package dev.freshet.sync.log;

import java.time.Instant;
import java.util.Optional;

/** How far a log reaches back. */
public final class LogOldest {

  private LogOldest() {}

  /**
   * When its oldest record was written, by the writer's clock.
   *
   * @return empty when there is nothing in the log
   * @throws LogUnreachable when the broker does not answer
   */
  public static Optional<Instant> at(LogAccess access) {
    try (LogRecords records = LogRecords.toSearch(access)) {
      return records
          .first(records.begin(), records.end())
          .map(record -> Instant.ofEpochMilli(record.timestamp()));
    }
  }
}
