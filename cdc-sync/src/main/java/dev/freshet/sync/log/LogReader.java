package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.source.TransactionListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.WakeupException;

/** Reads the log from a place on: whole transactions, each once, in order. */
public final class LogReader implements AutoCloseable {

  /** Only so that an idle connection is noticed to have died. */
  private static final Duration POLL = Duration.ofSeconds(5);

  private final LogTopic topic;
  private final Map<String, Object> client;
  private final LogRecords records;
  private final Place applied;
  private volatile boolean closed;

  /**
   * Prepares to read.
   *
   * @param client properties of the connection
   * @param applied what comes after it is read
   */
  public LogReader(LogTopic topic, Map<String, Object> client, Place applied) {
    this.topic = topic;
    this.client = Map.copyOf(client);
    this.records = LogRecords.toFollow(topic, client);
    this.applied = applied;
  }

  /**
   * Hands transactions over until it is closed.
   *
   * @throws LogBroken when the log does not go on from the place, or is damaged
   * @throws LogUnreachable when the broker does not answer
   */
  public void run(TransactionListener listener) {
    try (records;
        Assembly assembly = new Assembly(applied)) {
      records.seek(offsetAfter());
      while (!closed) {
        List<SourceTransaction> whole = new ArrayList<>();
        try {
          for (ConsumerRecord<byte[], byte[]> record : records.poll(POLL)) {
            assembly.take(Chunk.of(record.value())).ifPresent(whole::add);
          }
          if (!whole.isEmpty()) {
            listener.committed(whole);
          }
        } finally {
          whole.forEach(transaction -> transaction.changes().close());
        }
      }
    } catch (WakeupException e) {
      if (!closed) {
        throw e;
      }
    }
  }

  /**
   * An offset at or before the first record of the first transaction beyond the place: places
   * ascend with offsets, so that it is halved in.
   */
  private long offsetAfter() {
    try (LogRecords searched = LogRecords.toSearch(topic, client)) {
      long low = searched.begin();
      long high = searched.end();
      long end = high;
      while (low < high) {
        long middle = low + (high - low) / 2;
        Optional<ConsumerRecord<byte[], byte[]>> found = searched.first(middle, end);
        if (found.isPresent() && applied.isAtOrPast(Chunk.of(found.get().value()).end())) {
          low = found.get().offset() + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }
  }

  /** Ends {@link #run}; may be called from any thread. */
  @Override
  public void close() {
    closed = true;
    records.wakeUp();
  }
}
