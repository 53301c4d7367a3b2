package dev.freshet.sync.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.slot.SlotSources;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.io.File;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is committed on a real primary is in the log, once and whole, while publisher and broker are
 * killed. Each transaction says in a ledger how many rows it has.
 */
class PublisherIT {

  private static final int KILLS = Boolean.getBoolean("freshet.long") ? 25 : 2;
  private static final int WRITERS = 3;

  /** As much as a publisher can follow that is killed every few seconds. */
  private static final long PAUSE_NANOS = 10_000_000;

  private static final long SECONDS = 120;
  private static final TableName LEDGER = new TableName("public", "ledger");
  private static final TableName ITEM = new TableName("public", "item");
  private static final int PORT = 21_790 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static Cluster cluster;
  private static BrokerNode broker;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORT - 50, false));
    broker = BrokerNode.start(folder.resolve("broker"), PORT);
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "create table ledger (id bigint primary key generated always as identity, rows int not null)");
      statement.execute(
          "create table item (ledger bigint, i int, note text, primary key (ledger, i))");
    }
  }

  @AfterAll
  static void stop() {
    broker.close();
    cluster.close();
  }

  /** A process that publishes until it is killed, whatever goes wrong meanwhile. */
  public static final class Publishing {

    private Publishing() {}

    /** Publishes the tables of the test. */
    public static void main(String[] arguments) {
      PostgresUrl primary = PostgresUrl.parse(arguments[0]);
      Map<String, Object> client = Map.of("bootstrap.servers", arguments[1]);
      while (true) {
        try (SlotSources sources =
            new SlotSources(
                new SlotSources.Settings(primary, primary, "freshet_log", Clock.systemUTC()),
                silence -> {})) {
          SessionEnd _ =
              new Publisher(
                      sources,
                      new LogTopic("ledger"),
                      client,
                      new PublicTopics(Set.of(LEDGER, ITEM), null),
                      Set.of(),
                      new Unseen(),
                      source -> {})
                  .run();
        } catch (RuntimeException e) {
          System.err.println(e);
          LockSupport.parkNanos(200_000_000);
        }
      }
    }
  }

  private static Process publish() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path")
                + File.pathSeparator
                + System.getProperty("surefire.test.class.path", ""),
            Publishing.class.getName(),
            "postgresql://postgres:%s@127.0.0.1:%d/freshet"
                .formatted(cluster.primary().url().password(), cluster.primary().port()),
            broker.bootstrap())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("publisher.out").toFile()))
        .start();
  }

  /** By INSERT, by COPY, and by changes of keys; now and then many rows. */
  private static int write(Random random, AtomicBoolean stopped) throws Exception {
    int written = 0;
    try (Connection connection = cluster.primary().connect();
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

  @Test
  void nothingIsLostTornOrDoubledWhateverIsKilled() throws Exception {
    Random random = new Random(Long.getLong("freshet.seed", System.nanoTime()));
    AtomicBoolean stopped = new AtomicBoolean();
    Process publisher = publish();
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> writing = new ArrayList<>();
      try {
        awaitSlot(publisher);
        for (int i = 0; i < WRITERS; i++) {
          Random own = new Random(random.nextLong());
          writing.add(writers.submit(() -> write(own, stopped)));
        }
        for (int kill = 0; kill < KILLS; kill++) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(2_000)));
          publisher.destroyForcibly().waitFor();
          publisher = publish();
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(2_000)));
          broker.kill();
          broker.startAgain();
        }
      } finally {
        stopped.set(true);
      }
      int written = 0;
      for (Future<Integer> each : writing) {
        written += each.get();
      }
      assertThat(written).isGreaterThan(50);
      requireAll(written);
      requireAllInTopics(written);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(Files.readString(folder.resolve("publisher.out")), e);
    } finally {
      publisher.destroyForcibly().waitFor();
    }
  }

  private static void awaitSlot(Process publisher) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!query(
            "select count(*) from pg_replication_slots where slot_name = 'freshet_log' and active")
        .equals("1")) {
      assertThat(publisher.isAlive() && System.nanoTime() < end).isTrue();
      LockSupport.parkNanos(50_000_000);
    }
  }

  private static String query(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static void requireAll(int written) throws Exception {
    List<Long> ids = new ArrayList<>();
    Reading.of(
        new LogTopic("ledger"),
        Map.of("bootstrap.servers", broker.bootstrap()),
        beginning(),
        transaction -> {
          check(transaction, ids);
          return ids.size() >= written;
        });
    assertThat(ids).doesNotHaveDuplicates().hasSize(written);
    assertThat(query("select count(*) from ledger")).isEqualTo(Integer.toString(written));
  }

  /**
   * What a consumer of another team reads of the tables' topics, as it sees no part of a
   * transaction within one of them.
   */
  private static void requireAllInTopics(int written) throws Exception {
    Map<Long, Integer> items = new HashMap<>();
    Map<Long, Integer> expected = new HashMap<>();
    Map<String, Long> ends = new HashMap<>();
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers",
            broker.bootstrap(),
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

  /** Where the log begins: after what its first record says. */
  private static Place beginning() {
    try (LogRecords records =
        LogRecords.toSearch(
            new LogTopic("ledger"), Map.of("bootstrap.servers", broker.bootstrap()))) {
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
