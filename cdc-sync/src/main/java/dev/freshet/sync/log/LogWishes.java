package dev.freshet.sync.log;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What copies ask of the publisher, on a topic of its own: the tables that they follow, and a place
 * that one of their readers waits for. The last wish of each kind counts; one that is not renewed
 * is forgotten with the log's retention. For one thread.
 */
final class LogWishes implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LogWishes.class);

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration ASK_WITHIN = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofSeconds(5);

  /**
   * A wish.
   *
   * @param tables that a copy follows; null in a wish for a place
   * @param place that a reader waits for; null in a wish for tables
   */
  record Wish(@Nullable Set<TableName> tables, @Nullable Place place) {

    String json() {
      return JSON.writeValueAsString(this);
    }
  }

  private final LogAccess access;
  private final TopicPartition partition;
  private final KafkaConsumer<String, String> consumer;
  private final Map<String, Set<TableName>> byCopy = new HashMap<>();

  /** Opens the topic, and reads what is wished for. */
  LogWishes(LogAccess access) {
    this.access = access;
    this.partition = new TopicPartition(access.topic().wishes(), 0);
    Map<String, Object> properties = new HashMap<>(access.client());
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ASK_WITHIN.toMillis());
    this.consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    try {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
      while (consumer.position(partition) < end) {
        take(ASK_WITHIN, old -> {});
      }
    } catch (KafkaException e) {
      consumer.close();
      throw unreadable(e);
    }
  }

  private LogUnreachable unreadable(KafkaException e) {
    return new LogUnreachable("The wishes for the log %s can't be read".formatted(access.log()), e);
  }

  /** All tables that are wished for. */
  Set<TableName> tables() {
    Set<TableName> all = new HashSet<>();
    byCopy.values().forEach(all::addAll);
    return all;
  }

  /**
   * Waits for more wishes.
   *
   * @param places takes the places among them
   */
  void await(Consumer<Place> places) {
    try {
      take(POLL, places);
    } catch (KafkaException e) {
      throw unreadable(e);
    }
  }

  private void take(Duration within, Consumer<Place> places) {
    for (ConsumerRecord<String, String> record : consumer.poll(within)) {
      if (record.value() == null) {
        byCopy.remove(record.key());
        continue;
      }
      try {
        Wish wish = JSON.readValue(record.value(), Wish.class);
        if (wish.tables() != null) {
          byCopy.put(record.key(), wish.tables());
        }
        if (wish.place() != null) {
          places.accept(wish.place());
        }
      } catch (JacksonException e) {
        log.warn("A wish for the log {} can't be read: {}", access.log(), e.getOriginalMessage());
      }
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
