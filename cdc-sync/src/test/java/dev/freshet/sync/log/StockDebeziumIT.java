package dev.freshet.sync.log;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import java.io.StringReader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

/**
 * The control of the ledger, and the reason that Debezium's own topics are no source: hosted as
 * Kafka Connect hosts it with exactly-once on, each batch and its offset in one transaction of
 * Kafka, its connector loses rows of a COPY where its task is restarted within it.
 */
class StockDebeziumIT {

  private static final int PORT = 28_790 + 1_000 * Integer.getInteger("freshet.test.fork", 1);
  private static final int ROWS = 2_000;
  private static final int BATCH = 64;

  @TempDir static Path folder;

  private static Cluster cluster;
  private static BrokerNode broker;

  private int ends;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORT - 50, false));
    broker = BrokerNode.start(folder.resolve("broker"), PORT);
  }

  @AfterAll
  static void stop() {
    broker.close();
    cluster.close();
  }

  @Test
  void rowsOfOneCopyAreLostByARestartAndByNothingElse() throws Exception {
    Ledger _ = new Ledger(cluster.primary());
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      admin
          .createTopics(
              List.of("ledger.public.ledger", "ledger.public.item", "ledger.transaction").stream()
                  .map(topic -> new NewTopic(topic, 1, (short) 1))
                  .toList())
          .all()
          .get();
    }
    try (Host host = new Host()) {
      host.pollUntil(_ -> slotExists());
      copy();
      host.pollUntil(records -> isEndOf(1, records));
      Ledger.requireAllInTopics(1, broker.bootstrap());

      copy();
      host.pollUntil(
          records -> records.stream().anyMatch(record -> record.topic().endsWith(".item")));
      host.restart();
      copy();
      host.pollUntil(records -> isEndOf(3, records));
      assertThatThrownBy(() -> Ledger.requireAllInTopics(3, broker.bootstrap()))
          .isInstanceOf(AssertionError.class)
          .hasMessageMatching("(?s).* but was: \\{1L=2000, 2L=1\\d{3}, 3L=2000}.*");
    }
  }

  private static boolean slotExists() {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      return statement
          .executeQuery("select from pg_replication_slots where slot_name = 'stock' and active")
          .next();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private boolean isEndOf(int transactions, List<SourceRecord> records) {
    ends +=
        (int)
            records.stream()
                .filter(record -> record.topic().endsWith(".transaction"))
                .filter(record -> String.valueOf(record.value()).contains("status=END"))
                .count();
    return ends >= transactions;
  }

  private static void copy() throws Exception {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      long id;
      try (ResultSet row =
          statement.executeQuery(
              "insert into ledger (rows) values (%d) returning id".formatted(ROWS))) {
        row.next();
        id = row.getLong(1);
      }
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(
              "copy item from stdin",
              new StringReader(
                  IntStream.range(0, ROWS)
                      .mapToObj(i -> "%d\t%d\tcopied\n".formatted(id, i))
                      .collect(Collectors.joining())));
      connection.commit();
    }
  }

  /** What Kafka Connect's worker does for a task, with the offsets in memory. */
  private static final class Host implements AutoCloseable {

    private final KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrap(), "transactional.id", "stock"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    private final JsonConverter keys = converter(true);
    private final JsonConverter values = converter(false);
    private final Map<Map<String, ?>, Map<String, ?>> offsets = new HashMap<>();
    private PostgresConnectorTask task;

    Host() {
      producer.initTransactions();
      task = launch();
    }

    private static JsonConverter converter(boolean isKey) {
      JsonConverter converter = new JsonConverter();
      converter.configure(Map.of("schemas.enable", false), isKey);
      return converter;
    }

    private PostgresConnectorTask launch() {
      PostgresConnectorTask launched = new PostgresConnectorTask();
      launched.initialize(new Context());
      launched.start(configuration());
      return launched;
    }

    void restart() {
      task.stop();
      task = launch();
    }

    /** Writes batch after batch, until one is the last that is wanted. */
    void pollUntil(Predicate<List<SourceRecord>> isLast) throws InterruptedException {
      List<SourceRecord> records;
      do {
        List<SourceRecord> polled = task.poll();
        records = polled == null ? List.of() : polled;
        if (!records.isEmpty()) {
          producer.beginTransaction();
          records.forEach(this::send);
          producer.commitTransaction();
        }
      } while (!isLast.test(records));
    }

    private void send(SourceRecord record) {
      offsets.put(Map.copyOf(record.sourcePartition()), record.sourceOffset());
      var _ =
          producer.send(
              new ProducerRecord<>(
                  record.topic(),
                  keys.fromConnectData(record.topic(), record.keySchema(), record.key()),
                  values.fromConnectData(record.topic(), record.valueSchema(), record.value())));
    }

    @Override
    public void close() {
      task.stop();
      producer.close();
    }

    private final class Context implements SourceTaskContext {
      @Override
      public Map<String, String> configs() {
        return configuration();
      }

      @Override
      public PluginMetrics pluginMetrics() {
        throw new UnsupportedOperationException("Debezium has its own.");
      }

      @Override
      public OffsetStorageReader offsetStorageReader() {
        return new OffsetStorageReader() {
          @Override
          @SuppressWarnings({"unchecked", "NullAway"}) // null where there is none
          public <T> Map<String, Object> offset(Map<String, T> partition) {
            return (Map<String, Object>) offsets.get(partition);
          }

          @Override
          public <T> Map<Map<String, T>, Map<String, Object>> offsets(
              Collection<Map<String, T>> partitions) {
            Map<Map<String, T>, Map<String, Object>> known = new HashMap<>();
            partitions.forEach(partition -> known.put(partition, offset(partition)));
            return known;
          }
        };
      }
    }
  }

  private static Map<String, String> configuration() {
    return Map.ofEntries(
        Map.entry("connector.class", "io.debezium.connector.postgresql.PostgresConnector"),
        Map.entry("name", "stock"),
        Map.entry("database.hostname", "127.0.0.1"),
        Map.entry("database.port", Integer.toString(cluster.primary().port())),
        Map.entry("database.user", cluster.primary().url().user()),
        Map.entry("database.password", String.valueOf(cluster.primary().url().password())),
        Map.entry("database.dbname", "freshet"),
        Map.entry("topic.prefix", Ledger.LOG),
        Map.entry("plugin.name", "pgoutput"),
        Map.entry("slot.name", "stock"),
        Map.entry("table.include.list", "public.ledger,public.item"),
        Map.entry("publication.autocreate.mode", "filtered"),
        Map.entry("snapshot.mode", "no_data"),
        Map.entry("provide.transaction.metadata", "true"),
        Map.entry("max.batch.size", Integer.toString(BATCH)),
        Map.entry("max.queue.size", Integer.toString(4 * BATCH)));
  }
}
