package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/** Reads the log from a place on: whole transactions, each once, in order. */
final class LogReader implements AutoCloseable {

  /** So that an idle connection is noticed to have died, and a silent publisher. */
  private static final Duration POLL = Duration.ofSeconds(1);

  private final LogAccess access;
  private final long from;
  private final Place applied;
  private volatile @Nullable LogRecords records;
  private volatile boolean closed;

  /**
   * Prepares to read.
   *
   * @param from the offset of a record at or before the first one to read
   * @param applied what comes after it is read
   */
  LogReader(LogAccess access, long from, Place applied) {
    this.access = access;
    this.from = from;
    this.applied = applied;
  }

  /** Takes what is read. */
  interface Listener {

    /** Takes transactions, at least one; their changes are closed afterwards. */
    void committed(List<SourceTransaction> transactions);

    /** Takes what comes after the transactions that were taken. */
    void told(LogEntry.Told told);

    /**
     * All that there is was taken, or nothing came within {@link #POLL}.
     *
     * @param isAtEnd whether there is no more in the log
     */
    void waiting(boolean isAtEnd);
  }

  /**
   * Hands on what there is until it is closed.
   *
   * @throws LogBroken when the log does not go on from the place, or is damaged
   * @throws LogUnreachable when the broker does not answer
   */
  void run(Listener listener) {
    try (LogRecords followed = LogRecords.toFollow(access);
        Assembly assembly = new Assembly(applied)) {
      records = followed;
      followed.seek(from);
      while (!closed) {
        List<SourceTransaction> whole = new ArrayList<>();
        try {
          for (ConsumerRecord<byte[], byte[]> record : followed.poll(POLL)) {
            Optional<LogEntry> entry = assembly.take(Chunk.of(record.value()));
            switch (entry.orElse(null)) {
              case LogEntry.Committed(SourceTransaction transaction) -> whole.add(transaction);
              case LogEntry.Told told -> {
                handOver(whole, listener);
                listener.told(told);
              }
              case null -> {}
            }
          }
          handOver(whole, listener);
        } finally {
          whole.forEach(transaction -> transaction.changes().close());
        }
        listener.waiting(followed.isAtEnd());
      }
    } catch (WakeupException e) {
      if (!closed) {
        throw e;
      }
    }
  }

  private static void handOver(List<SourceTransaction> whole, Listener listener) {
    if (!whole.isEmpty()) {
      listener.committed(List.copyOf(whole));
      whole.forEach(transaction -> transaction.changes().close());
      whole.clear();
    }
  }

  /** Ends {@link #run}; may be called from any thread. */
  @Override
  public void close() {
    closed = true;
    LogRecords followed = records;
    if (followed != null) {
      followed.wakeUp();
    }
  }
}
