package dev.freshet.sync.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.PostgresServer;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.postgresql.PGConnection;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writers whose transactions say in a ledger how many rows they have: one that is lost, torn or
 * doubled on its way through a log is found out.
 */
public final class Ledger {

  /** The log that it is to be published to. */
  public static final String LOG = "ledger";

  static final TableName LEDGER = new TableName("public", "ledger");
  static final TableName ITEM = new TableName("public", "item");

  private static final int WRITERS = 3;
  private static final int ENOUGH = 50;

  /** As much as a publisher can follow that is killed every few seconds. */
  private static final long PAUSE_NANOS = 30_000_000;

  private final PostgresServer primary;

  /** Makes the tables. */
  public Ledger(PostgresServer primary) throws SQLException {
    this.primary = primary;
    try (Connection connection = primary.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "create table ledger (id bigint primary key generated always as identity, rows int not null)");
      statement.execute(
          "create table item (ledger bigint, i int, note text, primary key (ledger, i))");
    }
  }

  /** What happens while it is written. */
  @FunctionalInterface
  public interface Faults {

    /** Makes it happen. */
    void happen(Random random) throws Exception;
  }

  /**
   * Writes from several connections for as long as something happens.
   *
   * @return how many transactions were committed
   */
  public int writeWhile(Faults faults) throws Exception {
    Random random = new Random(Long.getLong("freshet.seed", System.nanoTime()));
    AtomicBoolean stopped = new AtomicBoolean();
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> writing = new ArrayList<>();
      try {
        for (int i = 0; i < WRITERS; i++) {
          Random own = new Random(random.nextLong());
          writing.add(writers.submit(() -> write(own, stopped)));
        }
        faults.happen(random);
      } finally {
        stopped.set(true);
      }
      int written = 0;
      for (Future<Integer> each : writing) {
        written += each.get();
      }
      assertThat(written).isGreaterThan(ENOUGH);
      assertThat(query("select count(*) from ledger")).isEqualTo(Integer.toString(written));
      return written;
    }
  }

  /** By INSERT, by COPY, and by changes of keys; now and then many rows. */
  private int write(Random random, AtomicBoolean stopped) throws Exception {
    int written = 0;
    try (Connection connection = primary.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      while (!stopped.get()) {
        int rows = random.nextInt(50) == 0 ? 4_000 : random.nextInt(1, 40);
        boolean hasKeyChange = random.nextInt(4) == 0;
        long id;
        try (ResultSet row =
            statement.executeQuery(
                "insert into ledger (rows) values (%d) returning id"
                    .formatted(hasKeyChange ? rows + 1 : rows))) {
          row.next();
          id = row.getLong(1);
        }
        if (random.nextBoolean()) {
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn(
                  "copy item from stdin",
                  new StringReader(
                      IntStream.range(0, rows)
                          .mapToObj(i -> "%d\t%d\tcopied\n".formatted(id, i))
                          .collect(Collectors.joining())));
        } else {
          statement.execute(
              "insert into item select %d, i, 'inserted' from generate_series(0, %d) i"
                  .formatted(id, rows - 1));
        }
        if (hasKeyChange) {
          statement.execute("update item set i = -1 where ledger = %d and i = 0".formatted(id));
        }
        connection.commit();
        written++;
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
    return written;
  }

  private String query(String sql) throws SQLException {
    try (Connection connection = primary.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  /** Checks what a copy reads: each transaction once, and whole. */
  public static void requireAll(int written, String broker) throws Exception {
    List<Long> ids = new ArrayList<>();
    Reading.of(
        access(broker),
        beginning(broker),
        transaction -> {
          check(transaction, ids);
          return ids.size() >= written;
        });
    assertThat(ids).doesNotHaveDuplicates().hasSize(written);
  }

  /**
   * What a consumer of another team reads of the tables' topics, as it sees no part of a
   * transaction within one of them.
   */
  public static void requireAllInTopics(int written, String broker) throws Exception {
    Map<Long, Integer> items = new HashMap<>();
    Map<Long, Integer> expected = new HashMap<>();
    Map<String, Long> ends = new HashMap<>();
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers",
            broker,
            "isolation.level",
            "read_committed",
            "enable.auto.commit",
            false,
            "auto.offset.reset",
            "earliest");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (String topic :
          List.of("ledger.public.ledger", "ledger.public.item", "ledger.transaction")) {
        consumer
            .partitionsFor(topic)
            .forEach(each -> partitions.add(new TopicPartition(topic, each.partition())));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(each -> consumer.position(each) < end.getOrDefault(each, 0L))) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(5))) {
          take(record, items, expected, ends);
        }
      }
    }
    assertThat(expected).hasSize(written);
    assertThat(items).isEqualTo(expected);
    assertThat(ends).hasSize(written);
  }

  private static void take(
      ConsumerRecord<String, String> record,
      Map<Long, Integer> items,
      Map<Long, Integer> expected,
      Map<String, Long> ends) {
    if (record.value() == null) {
      return;
    }
    JsonNode value = JsonMapper.shared().readTree(record.value());
    if (record.topic().endsWith(".transaction")) {
      if (value.path("status").asString("").equals("END")) {
        assertThat(ends.put(value.path("id").asString(), 1L)).as("each once").isNull();
      }
    } else if (record.topic().endsWith(".ledger")) {
      JsonNode row = value.path("after");
      assertThat(expected.put(row.path("id").asLong(), row.path("rows").asInt()))
          .as("each once")
          .isNull();
    } else if (value.path("op").asString("").equals("c")) {
      items.merge(value.path("after").path("ledger").asLong(), 1, Integer::sum);
    }
  }

  /** The log that it is published to. */
  static LogAccess access(String broker) {
    return new LogAccess(new LogTopic(LOG), Map.of("bootstrap.servers", broker));
  }

  /** Where the log begins: after what its first record says. */
  private static Place beginning(String broker) {
    try (LogRecords records = LogRecords.toSearch(access(broker))) {
      return Chunk.of(records.first(records.begin(), records.end()).orElseThrow().value()).after();
    }
  }

  private static void check(SourceTransaction transaction, List<Long> ids) {
    List<Integer> expected = new ArrayList<>();
    int[] items = {0};
    transaction
        .changes()
        .forEachChunk(
            changes ->
                changes.forEach(
                    change -> {
                      if (change instanceof RowChange.Upsert upsert
                          && upsert.table().equals(LEDGER)) {
                        ids.add(Long.valueOf(String.valueOf(upsert.row().getFirst())));
                        expected.add(Integer.valueOf(String.valueOf(upsert.row().getLast())));
                      } else if (change instanceof RowChange.Upsert) {
                        items[0]++;
                      }
                    }));
    if (!transaction.changes().isEmpty()) {
      assertThat(expected).as("each transaction has one row in the ledger").hasSize(1);
      assertThat(items[0]).as("rows of %s", transaction.end()).isEqualTo(expected.getFirst());
    }
  }
}
