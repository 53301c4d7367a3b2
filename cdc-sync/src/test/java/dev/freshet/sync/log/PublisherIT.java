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
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is committed on a real primary is in the log, once and whole, while publisher and broker are
 * killed.
 */
class PublisherIT {

  private static final int KILLS = Boolean.getBoolean("freshet.long") ? 25 : 2;
  private static final long SECONDS = 120;
  private static final int PORT = 21_790 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path folder;

  private static Cluster cluster;
  private static BrokerNode broker;
  private static Ledger ledger;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORT - 50, false));
    broker = BrokerNode.start(folder.resolve("broker"), PORT);
    ledger = new Ledger(cluster.primary());
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
                      new LogTopic(Ledger.LOG),
                      client,
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
            broker.bootstrap())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("publisher.out").toFile()))
        .start();
  }

  @Test
  void nothingIsLostTornOrDoubledWhateverIsKilled() throws Exception {
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
                  broker.kill();
                  broker.startAgain();
                }
              });
      Ledger.requireAll(written, broker.bootstrap());
      Ledger.requireAllInTopics(written, broker.bootstrap());
    } catch (Exception | AssertionError e) {
      throw new AssertionError(Files.readString(folder.resolve("publisher.out")), e);
    } finally {
      publisher.get().destroyForcibly().waitFor();
    }
  }

  private static void pause(Random random) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(2_000)));
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
