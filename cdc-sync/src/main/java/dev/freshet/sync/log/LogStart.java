package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Where a reader begins.
 *
 * @param offset of the first record to read
 * @param state what holds there
 */
record LogStart(long offset, LogState state) {

  /**
   * Finds it for a reader that is at a place. Places ascend with offsets, so that it is halved in.
   *
   * @return empty when the log does not reach back that far
   */
  static Optional<LogStart> after(Place applied, LogRecords records) {
    long begin = records.begin();
    long end = records.end();
    long low = begin;
    long high = end;
    while (low < high) {
      long middle = low + (high - low) / 2;
      Optional<ConsumerRecord<byte[], byte[]>> found = records.first(middle, end);
      if (found.isPresent() && applied.isAtOrPast(Chunk.of(found.get().value()).end())) {
        low = found.get().offset() + 1;
      } else {
        high = middle;
      }
    }
    Optional<ConsumerRecord<byte[], byte[]>> next = records.first(low, end);
    if (next.isEmpty()) {
      long offset = low;
      return LogEnd.last(records)
          .map(last -> new LogStart(offset, records.state(last.offset(), Chunk.of(last.value()))));
    }
    Chunk chunk = Chunk.of(next.get().value());
    boolean reachesBack =
        chunk.number() == 0 && applied.isAtOrPast(chunk.after()) && chunk.stateAt() >= begin;
    return reachesBack || isItself(chunk, applied)
        ? Optional.of(new LogStart(low, records.state(next.get().offset(), chunk)))
        : Optional.empty();
  }

  /** The first record of a state names no other. */
  private static boolean isItself(Chunk chunk, Place applied) {
    return chunk.kind() == Chunk.Kind.SCHEMA
        && chunk.number() == 0
        && applied.isAtOrPast(chunk.after());
  }
}
