package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Looks how far the log is, for a reader that is behind. For one thread, but {@link #wakeUp}. */
final class LogEndWatch implements AutoCloseable {

  private final LogAccess access;
  private volatile @Nullable LogRecords records;

  LogEndWatch(LogAccess access) {
    this.access = access;
  }

  /** Ends a look that another thread waits in. */
  void wakeUp() {
    LogRecords searched = records;
    if (searched != null) {
      searched.wakeUp();
    }
  }

  /** Where its last transaction ends; empty when there is nothing in it. */
  Optional<Place> look() {
    LogRecords searched = records;
    if (searched == null) {
      searched = LogRecords.toSearch(access);
      records = searched;
    }
    return LogEnd.last(searched).map(record -> Chunk.of(record.value()).end());
  }

  @Override
  public void close() {
    LogRecords searched = records;
    if (searched != null) {
      searched.close();
    }
  }
}
