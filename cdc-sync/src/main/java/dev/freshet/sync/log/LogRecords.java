package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** The committed records of a log, by their offsets. For one thread, but {@link #wakeUp}. */
final class LogRecords implements AutoCloseable {

  private static final Duration ASK_WITHIN = Duration.ofSeconds(15);
  private static final Duration FOLLOWING_WAITS = Duration.ofMillis(500);
  private static final Duration SEARCHING_WAITS = Duration.ofMillis(1);
  private static final int BYTES_A_FETCH = 4 << 20;
  private static final int RECORDS_A_POLL = 5_000;
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

  private final LogAccess access;
  private final TopicPartition partition;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /** That was read last, by its offset. */
  private @Nullable LogState state;

  private long stateOffset = -1;

  /** To follow them: an idle consumer asks the broker twice a second. */
  static LogRecords toFollow(LogAccess access) {
    return new LogRecords(access, FOLLOWING_WAITS);
  }

  /** To look for some: each seek waits for the fetch under way. */
  static LogRecords toSearch(LogAccess access) {
    return new LogRecords(access, SEARCHING_WAITS);
  }

  private LogRecords(LogAccess access, Duration fetchWaits) {
    this.access = access;
    this.partition = access.topic().partition();
    Map<String, Object> properties = new HashMap<>(access.client());
    properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, (int) fetchWaits.toMillis());
    properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, BYTES_A_FETCH);
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_A_POLL);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ASK_WITHIN.toMillis());
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
  }

  private interface Question<T> {
    T ask();
  }

  private <T> T told(Question<T> question) {
    try {
      return question.ask();
    } catch (WakeupException e) {
      throw e;
    } catch (KafkaException e) {
      throw new LogUnreachable("The log %s can't be read".formatted(access.log()), e);
    }
  }

  /** The offset of the first record that there is still. */
  long begin() {
    return told(
        () -> Objects.requireNonNull(consumer.beginningOffsets(List.of(partition)).get(partition)));
  }

  /** The offset behind the last committed record. */
  long end() {
    return told(
        () -> Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition)));
  }

  void seek(long offset) {
    told(
        () -> {
          consumer.seek(partition, offset);
          return offset;
        });
  }

  /** The next records, or none when there are none within a time. */
  List<ConsumerRecord<byte[], byte[]>> poll(Duration within) {
    return told(() -> consumer.poll(within).records(partition));
  }

  /**
   * The next records of those that there are; none where only marks come.
   *
   * @throws LogUnreachable when the broker gives none: it says nothing while it is away
   */
  List<ConsumerRecord<byte[], byte[]>> more() {
    long before = position();
    List<ConsumerRecord<byte[], byte[]>> records = poll(ASK_WITHIN);
    if (records.isEmpty() && position() == before) {
      throw new LogUnreachable(
          "The log %s was not given within %d s".formatted(access.log(), ASK_WITHIN.toSeconds()),
          null);
    }
    return records;
  }

  /** Whether everything that is committed was polled, as far as the last answer told. */
  boolean isAtEnd() {
    OptionalLong lag = consumer.currentLag(partition);
    return lag.isPresent() && lag.getAsLong() == 0;
  }

  /** The offset that the next record has at least. */
  long position() {
    return told(() -> consumer.position(partition));
  }

  /** The last record of these offsets. */
  Optional<ConsumerRecord<byte[], byte[]>> last(long from, long end) {
    ConsumerRecord<byte[], byte[]> last = null;
    seek(from);
    while (position() < end) {
      for (ConsumerRecord<byte[], byte[]> record : more()) {
        if (record.offset() < end) {
          last = record;
        }
      }
    }
    return Optional.ofNullable(last);
  }

  /** Whether what holds at a record is there still. */
  boolean hasState(long offset, Chunk chunk) {
    return stateAt(offset, chunk) >= begin();
  }

  private static long stateAt(long offset, Chunk chunk) {
    return chunk.kind() == Chunk.Kind.SCHEMA ? offset - chunk.number() : chunk.stateAt();
  }

  /**
   * What holds at a record.
   *
   * @throws LogBroken when it is not there any more
   */
  LogState state(long offset, Chunk chunk) {
    long from = stateAt(offset, chunk);
    if (from < begin()) {
      throw new LogBroken("lost the state that its records go by");
    }
    LogState known = state;
    if (known == null || stateOffset != from) {
      known = readState(from, chunk.end());
      state = known;
      stateOffset = from;
    }
    return known;
  }

  private LogState readState(long from, Place at) {
    long end = end();
    seek(from);
    try (Assembly assembly = new Assembly(at)) {
      while (position() < end) {
        for (ConsumerRecord<byte[], byte[]> record : more()) {
          Optional<LogEntry> entry = assembly.take(Chunk.of(record.value()));
          if (entry.isPresent()
              && entry.get() instanceof LogEntry.Told told
              && told.kind() == Chunk.Kind.SCHEMA) {
            return LogState.of(told.content());
          }
        }
      }
    }
    throw new LogBroken("no state at offset %d".formatted(from));
  }

  /** The first record at or after an offset; empty when there is none before an end. */
  Optional<ConsumerRecord<byte[], byte[]>> first(long offset, long end) {
    seek(offset);
    while (position() < end) {
      List<ConsumerRecord<byte[], byte[]>> records = more();
      if (!records.isEmpty()) {
        return Optional.of(records.getFirst());
      }
    }
    return Optional.empty();
  }

  /** Ends a {@link #poll} that another thread waits in, with a {@link WakeupException}. */
  void wakeUp() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close(CloseOptions.timeout(CLOSE_WITHIN));
  }
}
