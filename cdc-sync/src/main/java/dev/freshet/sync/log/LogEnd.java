package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * How a log ends.
 *
 * @param offset of its last record
 * @param at where its last transaction ends, or it begins
 * @param state what holds there; null where that has been deleted already
 */
record LogEnd(long offset, Place at, @Nullable LogState state) {

  /** At first; markers of Kafka's transactions take up offsets, too. */
  private static final long LOOKED_BACK = 16;

  /** Finds it; empty when there is nothing in the log. */
  static Optional<LogEnd> of(LogAccess access) {
    try (LogRecords records = LogRecords.toSearch(access)) {
      return of(records);
    }
  }

  /** The same with a connection that is there. */
  static Optional<LogEnd> of(LogRecords records) {
    return last(records)
        .map(
            record -> {
              Chunk chunk = Chunk.of(record.value());
              return new LogEnd(
                  record.offset(),
                  chunk.end(),
                  records.hasState(record.offset(), chunk)
                      ? records.state(record.offset(), chunk)
                      : null);
            });
  }

  /** The last committed record, which is the last of its entry. */
  static Optional<ConsumerRecord<byte[], byte[]>> last(LogRecords records) {
    long begin = records.begin();
    long end = records.end();
    for (long back = LOOKED_BACK; ; back *= 4) {
      long from = Math.max(begin, end - back);
      Optional<ConsumerRecord<byte[], byte[]>> last = records.last(from, end);
      if (last.isPresent() || from == begin) {
        return last;
      }
    }
  }
}
