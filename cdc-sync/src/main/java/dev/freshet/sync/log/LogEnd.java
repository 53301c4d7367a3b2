package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import java.util.Map;
import java.util.Optional;

/** Finds the end of a log. */
final class LogEnd {

  /** At first; markers of Kafka's transactions take up offsets, too. */
  private static final long LOOKED_BACK = 16;

  private LogEnd() {}

  /** Where the last transaction in it ends; empty when there is none. */
  static Optional<Place> of(LogTopic topic, Map<String, Object> client) {
    try (LogRecords records = LogRecords.toSearch(topic, client)) {
      long begin = records.begin();
      long end = records.end();
      for (long back = LOOKED_BACK; ; back *= 4) {
        long from = Math.max(begin, end - back);
        Optional<Place> last = records.lastEnd(from, end);
        if (last.isPresent() || from == begin) {
          return last;
        }
      }
    }
  }
}
