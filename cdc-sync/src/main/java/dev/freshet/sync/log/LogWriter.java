package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.topic.Outlet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the log: whole source transactions, each batch of them in one Kafka transaction. There is
 * one writer at a time; the next one shuts out its predecessor, and goes on from the log's own end.
 *
 * <p>What holds, the {@link LogState}, is written again every {@value #STATE_MINUTES} minutes or
 * {@value #STATE_BYTES} bytes, as records are deleted after a while.
 */
public final class LogWriter implements AutoCloseable {

  /**
   * How long readers are held back when a writer stops within a transaction: they read no further
   * than where it began.
   */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** For a transaction that does not fit into memory; the most that brokers take by default. */
  private static final Duration TIMEOUT_OF_LARGE = Duration.ofMinutes(15);

  private static final int STATE_MINUTES = 10;
  private static final long STATE_BYTES = 64L << 20;

  /** Less than {@link #TIMEOUT}, as it is waited for within a transaction. */
  private static final Duration CHECKED_WITHIN = Duration.ofSeconds(5);

  private static final Duration SEND_WITHIN = Duration.ofSeconds(15);
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

  private final LogAccess access;
  private KafkaProducer<byte[], byte[]> producer;
  private boolean isForLarge;
  private final boolean isEmpty;
  private volatile Place end;
  private @Nullable LogState state;
  private long stateAt = -1;
  private long stateWrittenNanos;
  private long bytesSinceState;

  /** Of the last committed record; -1 in an empty log. */
  private long lastOffset;

  private @Nullable Future<RecordMetadata> lastSent;
  private boolean hasFailed;
  private List<Outlet> outlets = List.of();
  private final Map<String, Long> sent = new HashMap<>();

  private LogWriter(
      LogAccess access, KafkaProducer<byte[], byte[]> producer, Optional<LogEnd> before) {
    this.access = access;
    this.producer = producer;
    this.isEmpty = before.isEmpty();
    this.end = before.map(LogEnd::at).orElse(Place.START);
    this.state = before.map(LogEnd::state).orElse(null);
    this.lastOffset = before.map(LogEnd::offset).orElse(-1L);
  }

  /** Takes the log over. */
  static LogWriter takeOver(LogAccess access) {
    KafkaProducer<byte[], byte[]> producer = producer(access, TIMEOUT);
    try {
      producer.initTransactions();
      // Only now nobody else can add to it.
      return new LogWriter(access, producer, LogEnd.of(access));
    } catch (KafkaException e) {
      producer.close(CLOSE_WITHIN);
      throw new LogUnreachable("The log %s can't be taken over".formatted(access.log()), e);
    } catch (RuntimeException e) {
      producer.close(CLOSE_WITHIN);
      throw e;
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(LogAccess access, Duration timeout) {
    Map<String, Object> properties = new HashMap<>(access.client());
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, access.topic().name());
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) timeout.toMillis());
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) SEND_WITHIN.toMillis());
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) SEND_WITHIN.toMillis() / 2);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, SEND_WITHIN.toMillis());
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** Where the last transaction of the log ends, or the log begins. */
  public Place end() {
    return end;
  }

  /** What holds at the log's end; empty in an empty log. */
  synchronized Optional<LogState> state() {
    return Optional.ofNullable(state);
  }

  /** Whether there was nothing in it when it was taken over. */
  boolean isEmpty() {
    return isEmpty;
  }

  /** Says where an empty log begins. */
  synchronized void beginAt(Place begin) {
    if (!isEmpty) {
      throw new IllegalStateException("The log ends at " + end + " already");
    }
    end = begin;
  }

  /**
   * Has transactions go elsewhere, too, within the same transactions of Kafka.
   *
   * @param first records that are written now
   */
  synchronized void alsoTo(List<Outlet> more, List<ProducerRecord<byte[], byte[]>> first) {
    outlets = List.copyOf(more);
    if (!first.isEmpty()) {
      inTransaction(false, () -> first.forEach(this::sendElsewhere));
    }
  }

  /** How many records were committed since this was asked last, by topic. */
  synchronized Map<String, Long> takeCounts() {
    Map<String, Long> taken = Map.copyOf(sent);
    sent.clear();
    return taken;
  }

  /**
   * Writes what holds from here on.
   *
   * @param told entries that come after it, with their JSON
   * @param at the source's time
   * @throws Fenced when another writer has taken over
   * @throws LogUnreachable when it is not known whether it is there
   */
  synchronized void state(LogState now, Map<Chunk.Kind, String> told, Instant at) {
    inTransaction(
        false,
        () -> {
          writeState(now, at);
          told.forEach((kind, json) -> Chunks.of(kind, end, end, at, stateAt, json, this::send));
        });
  }

  /**
   * Goes on at another place, as transactions are missing.
   *
   * @param now what holds there; names the gap
   * @param json says why
   */
  synchronized void gap(LogState now, Place goesOnAt, String json, Instant at) {
    inTransaction(
        false,
        () -> {
          writeState(now, at);
          Chunks.of(Chunk.Kind.GAP, end, goesOnAt, at, stateAt, json, this::send);
        });
    end = goesOnAt;
  }

  /** Says that the source had nothing beyond the log's end, unless that is another one by now. */
  synchronized void level(Place place, Instant at) {
    if (place.equals(end) && stateAt >= 0) {
      inTransaction(
          false,
          () -> {
            repeatState(at);
            Chunks.of(Chunk.Kind.LEVEL, end, end, at, stateAt, "", this::send);
          });
    }
  }

  /**
   * Writes transactions, whole and in order; all of them are in the log when it returns. Those that
   * are there already are left out.
   *
   * @param check runs meanwhile, and is waited for before they are committed; none of them is there
   *     when it throws
   * @throws Fenced when another writer has taken over
   * @throws LogUnreachable when it is not known what of them is there; a new writer finds out
   */
  synchronized void write(List<SourceTransaction> transactions, Runnable check) {
    List<SourceTransaction> news =
        transactions.stream().filter(transaction -> !end.isAtOrPast(transaction.end())).toList();
    if (news.isEmpty()) {
      check.run();
      return;
    }
    if (stateAt < 0) {
      throw new IllegalStateException("What the transactions mean has to be said first");
    }
    // Making topics takes a while, and a transaction of Kafka has a time-out.
    news.forEach(transaction -> outlets.forEach(outlet -> outlet.prepare(transaction)));
    Place last = news.getLast().end();
    inTransaction(
        news.stream().anyMatch(transaction -> transaction.changes().isLarge()),
        () -> {
          FutureTask<Boolean> checked = new FutureTask<>(check, true);
          Thread.ofVirtual().name("check").start(checked);
          try {
            repeatState(news.getFirst().committedAt());
            send(news);
          } catch (RuntimeException e) {
            requireDone(checked, e); // which may be why
            throw e;
          }
          requireDone(checked, null);
        });
    end = last;
  }

  private static void requireDone(Future<Boolean> check, @Nullable RuntimeException failure) {
    try {
      boolean _ = check.get(CHECKED_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "The source did not tell within %d s whether its tables are as they were"
              .formatted(CHECKED_WITHIN.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    } catch (ExecutionException e) {
      RuntimeException refused =
          e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
      if (failure != null) {
        refused.addSuppressed(failure);
      }
      throw refused;
    }
  }

  private void send(List<SourceTransaction> transactions) {
    Place after = end;
    for (SourceTransaction transaction : transactions) {
      Chunks.of(after, stateAt, transaction, this::send);
      outlets.forEach(outlet -> outlet.write(transaction, this::sendElsewhere));
      after = transaction.end();
    }
  }

  private void repeatState(Instant at) {
    long age = System.nanoTime() - stateWrittenNanos;
    if (state != null
        && (bytesSinceState > STATE_BYTES || age > Duration.ofMinutes(STATE_MINUTES).toNanos())) {
      writeState(state, at);
    }
  }

  /** Waits for its offset, which everything after it names. */
  private void writeState(LogState now, Instant at) {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    Chunks.of(Chunk.Kind.SCHEMA, end, end, at, -1, now.json(), chunk -> sent.add(sent(chunk)));
    producer.flush();
    stateAt = offset(sent.getFirst());
    state = now;
    stateWrittenNanos = System.nanoTime();
    bytesSinceState = 0;
  }

  private static long offset(Future<RecordMetadata> sent) {
    try {
      return sent.get().offset();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException known ? known : new KafkaException(e.getCause());
    }
  }

  /** After a failure nobody knows what is there: only another writer may go on. */
  private void inTransaction(boolean isLarge, Runnable sending) {
    if (hasFailed) {
      throw new LogUnreachable("The log %s could not be written".formatted(access.log()), null);
    }
    hasFailed = true;
    try {
      open(isLarge);
      producer.beginTransaction();
      sending.run();
      producer.commitTransaction();
      if (lastSent != null) {
        lastOffset = offset(lastSent);
        lastSent = null;
      }
      hasFailed = false;
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      throw new Fenced(e);
    } catch (KafkaException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof ProducerFencedException
            || cause instanceof InvalidProducerEpochException) {
          throw new Fenced(e);
        }
      }
      throw new LogUnreachable("The log %s can't be written".formatted(access.log()), e);
    }
  }

  /**
   * A producer's time-out is fixed when it is opened. Opened again it would shut out whoever has
   * taken over meanwhile: then it is this writer that gives up.
   */
  private void open(boolean forLarge) {
    if (forLarge != isForLarge) {
      producer.close(CLOSE_WITHIN);
      producer = producer(access, forLarge ? TIMEOUT_OF_LARGE : TIMEOUT);
      isForLarge = forLarge;
      producer.initTransactions();
      long found = LogEnd.of(access).map(LogEnd::offset).orElse(-1L);
      if (found != lastOffset) {
        throw new Fenced(
            new IllegalStateException(
                "The log ends at offset %d, and not at %d".formatted(found, lastOffset)));
      }
    }
  }

  /** What fails is told by the commit. */
  private void send(Chunk chunk) {
    Future<RecordMetadata> _ = sent(chunk);
  }

  private Future<RecordMetadata> sent(Chunk chunk) {
    byte[] bytes = chunk.bytes();
    bytesSinceState += bytes.length;
    Future<RecordMetadata> written =
        count(new ProducerRecord<>(access.topic().name(), 0, null, bytes));
    lastSent = written;
    return written;
  }

  private void sendElsewhere(ProducerRecord<byte[], byte[]> record) {
    Future<RecordMetadata> _ = count(record);
  }

  private Future<RecordMetadata> count(ProducerRecord<byte[], byte[]> record) {
    sent.merge(record.topic(), 1L, Long::sum);
    return producer.send(record);
  }

  @Override
  public synchronized void close() {
    producer.close(CLOSE_WITHIN);
  }
}
