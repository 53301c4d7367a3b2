package dev.freshet.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.broker.BrokerNode;
import dev.freshet.broker.ConnectWorker;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.sync.log.Ledger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The control of the ledger, and the reason that Debezium's own topics are no source: with all
 * promises of Kafka Connect in force, its connector loses rows where its task is restarted under
 * load, and the ledger finds it out.
 */
class StockDebeziumLongIT {

  private static final int PORT = 25_790;
  private static final int RESTARTS = 60;
  private static final String TOPIC = "stock";

  @TempDir Path folder;

  @Test
  void rowsAreLostWhereItsTaskIsRestarted() throws Exception {
    Path plugins = Path.of("target/stock").toAbsolutePath();
    try (Cluster cluster =
            Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORT - 50, false));
        BrokerNode broker = BrokerNode.start(folder.resolve("broker"), PORT);
        ConnectWorker worker =
            ConnectWorker.launch(
                folder.resolve("connect"),
                "connect",
                PORT + 10,
                broker.bootstrap(),
                "stock.connect",
                Map.of(
                    "plugin.path",
                    plugins.toString(),
                    "exactly.once.source.support",
                    "enabled",
                    "key.converter",
                    "org.apache.kafka.connect.json.JsonConverter",
                    "key.converter.schemas.enable",
                    "false",
                    "value.converter",
                    "org.apache.kafka.connect.json.JsonConverter",
                    "value.converter.schemas.enable",
                    "false"),
                folder)) {
      Ledger ledger = new Ledger(cluster.primary());
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
        admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
      }
      worker.awaitReady();
      worker.put(TOPIC, JsonMapper.shared().writeValueAsString(connector(cluster)));
      int written =
          ledger.writeWhile(
              random -> {
                for (int i = 0; i < RESTARTS; i++) {
                  LockSupport.parkNanos(
                      TimeUnit.MILLISECONDS.toNanos(1_500 + random.nextInt(1_500)));
                  restart(worker);
                }
              });
      Map<Long, Integer> torn = torn(broker.bootstrap(), written);
      System.out.printf("Torn: %d of %d transactions, %s%n", torn.size(), written, torn);
      assertThat(torn).as("transactions that lack rows, or have them twice").isNotEmpty();
    }
  }

  private static Map<String, String> connector(Cluster cluster) {
    return Map.ofEntries(
        Map.entry("connector.class", "io.debezium.connector.postgresql.PostgresConnector"),
        Map.entry("exactly.once.support", "required"),
        Map.entry("tasks.max", "1"),
        Map.entry("database.hostname", "127.0.0.1"),
        Map.entry("database.port", Integer.toString(cluster.primary().port())),
        Map.entry("database.user", cluster.primary().url().user()),
        Map.entry("database.password", String.valueOf(cluster.primary().url().password())),
        Map.entry("database.dbname", "freshet"),
        Map.entry("topic.prefix", TOPIC),
        Map.entry("plugin.name", "pgoutput"),
        Map.entry("slot.name", TOPIC),
        Map.entry("table.include.list", "public.ledger,public.item"),
        Map.entry("publication.autocreate.mode", "filtered"),
        Map.entry("snapshot.mode", "no_data"),
        Map.entry("provide.transaction.metadata", "false"),
        Map.entry("tombstones.on.delete", "false"),
        Map.entry("poll.interval.ms", "1"),
        Map.entry("transforms", "one"),
        Map.entry("transforms.one.type", "org.apache.kafka.connect.transforms.RegexRouter"),
        Map.entry("transforms.one.regex", ".*"),
        Map.entry("transforms.one.replacement", TOPIC));
  }

  private static void restart(ConnectWorker worker) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      http.send(
          HttpRequest.newBuilder(
                  URI.create(worker.address() + "/connectors/%s/tasks/0/restart".formatted(TOPIC)))
              .POST(HttpRequest.BodyPublishers.noBody())
              .build(),
          HttpResponse.BodyHandlers.discarding());
    }
  }

  /** What is in the topic of each transaction that is not whole there: rows more or fewer. */
  private static Map<Long, Integer> torn(String broker, int written) {
    Map<Long, Integer> left = new HashMap<>();
    Set<Long> seen = new HashSet<>();
    TopicPartition partition = new TopicPartition(TOPIC, 0);
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker, "isolation.level", "read_committed"),
            new StringDeserializer(),
            new StringDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      // It is level once nothing comes for a while.
      for (int silent = 0; silent < 20; ) {
        int before = seen.size();
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
          take(JsonMapper.shared().readTree(record.value()), left, seen);
          silent = 0;
        }
        silent += seen.size() == before ? 1 : 0;
      }
    }
    assertThat(seen.size()).isLessThanOrEqualTo(written);
    left.values().removeIf(rows -> rows == 0);
    return left;
  }

  private static void take(JsonNode change, Map<Long, Integer> left, Set<Long> seen) {
    JsonNode row = change.path("after");
    if (!change.path("op").asString("").equals("c")) {
      return;
    }
    if (change.path("source").path("table").asString("").equals("ledger")) {
      left.merge(row.path("id").asLong(), row.path("rows").asInt(), Integer::sum);
      seen.add(row.path("id").asLong());
    } else {
      left.merge(row.path("ledger").asLong(), -1, Integer::sum);
    }
  }
}
