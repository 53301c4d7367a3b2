package dev.freshet.sync.log;

import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes the log: whole source transactions, each batch of them in one Kafka transaction. There is
 * one writer at a time; the next one shuts out its predecessor, and goes on from the log's own end.
 */
public final class LogWriter implements AutoCloseable {

  /**
   * How long readers are held back when a writer stops within a transaction: they read no further
   * than where it began.
   */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** For a transaction that does not fit into memory; the most that brokers take by default. */
  private static final Duration TIMEOUT_OF_LARGE = Duration.ofMinutes(15);

  private static final Duration SEND_WITHIN = Duration.ofSeconds(30);
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

  private final LogTopic topic;
  private final Map<String, Object> client;
  private KafkaProducer<byte[], byte[]> producer;
  private boolean isForLarge;
  private Place end;
  private boolean isEmpty;

  private LogWriter(
      LogTopic topic,
      Map<String, Object> client,
      KafkaProducer<byte[], byte[]> producer,
      Place end,
      boolean isEmpty) {
    this.topic = topic;
    this.client = client;
    this.producer = producer;
    this.end = end;
    this.isEmpty = isEmpty;
  }

  /**
   * Takes the log over.
   *
   * @param client properties of the connection
   */
  public static LogWriter takeOver(LogTopic topic, Map<String, Object> client) {
    KafkaProducer<byte[], byte[]> producer = producer(topic, client, TIMEOUT);
    try {
      producer.initTransactions();
      // Only now nobody else can add to it.
      Optional<Place> end = LogEnd.of(topic, client);
      return new LogWriter(topic, client, producer, end.orElse(Place.START), end.isEmpty());
    } catch (KafkaException e) {
      producer.close(CLOSE_WITHIN);
      throw new LogUnreachable("The log %s can't be taken over".formatted(topic.log()), e);
    } catch (RuntimeException e) {
      producer.close(CLOSE_WITHIN);
      throw e;
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(
      LogTopic topic, Map<String, Object> client, Duration timeout) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, topic.name());
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

  /** Whether there is no transaction in it yet. */
  boolean isEmpty() {
    return isEmpty;
  }

  /** Says where an empty log begins. */
  void beginAt(Place begin) {
    if (!isEmpty) {
      throw new IllegalStateException("The log ends at " + end + " already");
    }
    end = begin;
  }

  /**
   * Writes transactions, whole and in order; all of them are in the log when it returns. Those that
   * are there already are left out.
   *
   * @throws Fenced when another writer has taken over
   * @throws LogUnreachable when it is not known what of them is there; a new writer finds out
   */
  public void write(List<SourceTransaction> transactions) {
    List<SourceTransaction> news =
        transactions.stream().filter(transaction -> !end.isAtOrPast(transaction.end())).toList();
    if (news.isEmpty()) {
      return;
    }
    try {
      open(news.stream().anyMatch(transaction -> transaction.changes().isLarge()));
      producer.beginTransaction();
      Place after = end;
      for (SourceTransaction transaction : news) {
        Chunks.of(after, transaction, this::send);
        after = transaction.end();
      }
      producer.commitTransaction();
      end = after;
      isEmpty = false;
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      throw new Fenced(e);
    } catch (KafkaException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof ProducerFencedException
            || cause instanceof InvalidProducerEpochException) {
          throw new Fenced(e);
        }
      }
      throw new LogUnreachable("The log %s can't be written".formatted(topic.log()), e);
    }
  }

  /** A producer's time-out is fixed when it is opened. */
  private void open(boolean forLarge) {
    if (forLarge != isForLarge) {
      producer.close(CLOSE_WITHIN);
      producer = producer(topic, client, forLarge ? TIMEOUT_OF_LARGE : TIMEOUT);
      isForLarge = forLarge;
      producer.initTransactions();
    }
  }

  /** What fails is told by the commit. */
  private void send(Chunk chunk) {
    Future<RecordMetadata> _ =
        producer.send(new ProducerRecord<>(topic.name(), 0, null, chunk.bytes()));
  }

  @Override
  public void close() {
    producer.close(CLOSE_WITHIN);
  }
}
