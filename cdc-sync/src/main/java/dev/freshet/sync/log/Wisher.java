package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends a copy's wishes to the publisher; see {@link LogWishes}. */
final class Wisher implements AutoCloseable {

  private static final Duration SEND_WITHIN = Duration.ofSeconds(10);
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(1);

  private final String topic;
  private final String copy;
  private final KafkaProducer<String, String> producer;

  /**
   * Connects.
   *
   * @param copy the read database's name
   */
  Wisher(LogAccess access, String copy) {
    this.topic = access.topic().wishes();
    this.copy = copy;
    Map<String, Object> properties = new HashMap<>(access.client());
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) SEND_WITHIN.toMillis());
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) SEND_WITHIN.toMillis() / 2);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, SEND_WITHIN.toMillis());
    this.producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
  }

  /**
   * The copy follows these tables.
   *
   * @throws LogUnreachable when the broker does not take the wish
   */
  void tables(Set<TableName> tables) {
    try {
      RecordMetadata _ =
          send(copy, new LogWishes.Wish(tables, null))
              .get(SEND_WITHIN.toMillis() * 2, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      throw new LogUnreachable("The topic %s can't be written".formatted(topic), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LogUnreachable("The topic %s was not waited for".formatted(topic), e);
    }
  }

  /** A reader of the copy waits for a place; that it arrives is not waited for. */
  void place(Place wanted) {
    Future<RecordMetadata> _ = send(copy + "/place", new LogWishes.Wish(null, wanted));
  }

  private Future<RecordMetadata> send(String key, LogWishes.Wish wish) {
    return producer.send(new ProducerRecord<>(topic, 0, key, wish.json()));
  }

  @Override
  public void close() {
    producer.close(CLOSE_WITHIN);
  }
}
