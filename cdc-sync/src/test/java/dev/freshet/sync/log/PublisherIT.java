package dev.freshet.sync.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.model.SessionEnd;
import dev.freshet.sync.slot.SlotSources;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is committed on a real primary is in the log, once and whole, while publisher and brokers
 * are killed.
 */
class PublisherIT {

  private static final Logger log = LoggerFactory.getLogger(PublisherIT.class);

  private static final int KILLS = Boolean.getBoolean("freshet.long") ? 25 : 2;
  private static final int NODES = Boolean.getBoolean("freshet.long") ? 3 : 1;

  /** A transaction's time-out, the brokers' interval to look for it, and as much again. */
  private static final Duration HELD_BACK = Duration.ofSeconds(22);

  private static final long SECONDS = 120;
  private static final int PORT = 21_790 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static Cluster cluster;
  private static List<BrokerNode> brokers;
  private static String bootstrap;
  private static Ledger ledger;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORT - 50, false));
    brokers = BrokerNode.startCluster(folder.resolve("brokers"), PORT, NODES);
    bootstrap = brokers.stream().map(BrokerNode::bootstrap).collect(Collectors.joining(","));
    ledger = new Ledger(cluster.primary());
  }

  @AfterAll
  static void stop() {
    brokers.forEach(BrokerNode::close);
    cluster.close();
  }

  /** A process that publishes until it is killed, whatever goes wrong meanwhile. */
  public static final class Publishing {

    private Publishing() {}

    /** Publishes the tables of the test. */
    public static void main(String[] arguments) {
      PostgresUrl primary = PostgresUrl.parse(arguments[0]);
      while (true) {
        try (SlotSources sources =
            new SlotSources(
                new SlotSources.Settings(primary, primary, "freshet_log", Clock.systemUTC()),
                silence -> {})) {
          SessionEnd _ =
              new Publisher(
                      sources,
                      Ledger.access(arguments[1]),
                      new PublicTopics(Set.of(Ledger.LEDGER, Ledger.ITEM), null),
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
            bootstrap)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("publisher.out").toFile()))
        .start();
  }

  @Test
  void nothingIsLostTornOrDoubledWhateverIsKilledOrStandsStill() throws Exception {
    AtomicReference<Process> publisher = new AtomicReference<>(publish());
    try {
      awaitSlot(publisher.get());
      int written =
          ledger.writeWhile(
              random -> {
                for (int kill = 0; kill < KILLS; kill++) {
                  pause(random);
                  publisher.get().destroyForcibly().waitFor();
                  publisher.set(publish());
                  pause(random);
                  BrokerNode broker = brokers.get(random.nextInt(NODES));
                  broker.kill();
                  broker.startAgain();
                }
                standStill(publisher.get());
              });
      Ledger.requireAll(written, bootstrap);
      Ledger.requireAllInTopics(written, bootstrap);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(Files.readString(folder.resolve("publisher.out")), e);
    } finally {
      publisher.get().destroyForcibly().waitFor();
    }
  }

  private static void pause(Random random) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(2_000)));
  }

  /**
   * Stops a publisher within a transaction, and lets it go on when readers are held back no more.
   * It was shut out then, and has to notice.
   */
  private static void standStill(Process publisher) throws Exception {
    try (KafkaConsumer<byte[], byte[]> committed = consumer("read_committed");
        KafkaConsumer<byte[], byte[]> all = consumer("read_uncommitted")) {
      do {
        signal(publisher, "CONT");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        signal(publisher, "STOP");
        // What it had asked for already is done without it.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
      } while (end(committed) == end(all));
      long since = System.nanoTime();
      while (end(committed) < end(all)) {
        assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(HELD_BACK);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
      log.warn("Readers were held back for {}", Duration.ofNanos(System.nanoTime() - since));
    } finally {
      signal(publisher, "CONT");
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String isolation) {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private static long end(KafkaConsumer<byte[], byte[]> consumer) {
    TopicPartition log = new LogTopic(Ledger.LOG).partition();
    return consumer.endOffsets(List.of(log)).getOrDefault(log, 0L);
  }

  private static void signal(Process process, String signal) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor())
        .isZero();
  }

  private static void awaitSlot(Process publisher) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!isSlotActive()) {
      assertThat(publisher.isAlive() && System.nanoTime() < end).isTrue();
      LockSupport.parkNanos(50_000_000);
    }
  }

  private static boolean isSlotActive() throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select 1 from pg_replication_slots where slot_name = 'freshet_log' and active")) {
      return row.next();
    }
  }
}
