package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.sync.log.LogAccess;
import dev.freshet.sync.log.LogSources;
import dev.freshet.sync.log.LogTopic;
import dev.freshet.sync.log.PublicTopics;
import dev.freshet.sync.log.Publisher;
import dev.freshet.sync.log.Unseen;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.seed.SeedServer;
import dev.freshet.sync.slot.SlotSources;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Place;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A log, with a publisher that goes on beside, keeps the same promises as the slot behind it. */
class LogSourceIT extends ChangeSourceContract {

  private static final int PORTS = 21_590 + 1_000 * Integer.getInteger("freshet.test.fork", 1);
  private static final long SECONDS = 60;

  @TempDir static Path folder;

  private static Cluster cluster;
  private static BrokerNode broker;
  private static int logs;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORTS - 30, false));
    broker = BrokerNode.start(folder.resolve("broker"), PORTS);
  }

  @AfterAll
  static void stop() {
    broker.close();
    cluster.close();
  }

  @Override
  WrittenSource source() throws Exception {
    return new Written();
  }

  private static final class Written extends WrittenPrimary {

    private static final String SLOT = "freshet_log_contract";

    private final LogAccess access =
        new LogAccess(
            new LogTopic("contract" + logs++), Map.of("bootstrap.servers", broker.bootstrap()));
    private final AtomicReference<@Nullable Publisher> publisher = new AtomicReference<>();
    private final CompletableFuture<Void> publishing;
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile boolean closed;

    Written() throws Exception {
      super(cluster);
      access.make();
      publishing = CompletableFuture.runAsync(this::publish);
      assertThat(begun.await(SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    private void publish() {
      PostgresUrl primary = cluster.primary().url();
      while (!closed) {
        try (SlotSources sources =
            new SlotSources(
                new SlotSources.Settings(primary, primary, SLOT, Clock.systemUTC()),
                silence -> {})) {
          Publisher next =
              new Publisher(
                  sources,
                  access,
                  new PublicTopics(Set.of(), null),
                  Set.of(),
                  new Unseen() {
                    @Override
                    public void began(Place end) {
                      begun.countDown();
                    }
                  },
                  source -> {});
          publisher.set(next);
          next.run();
        } catch (EndSession e) {
          // The next run goes by what is true then.
        } catch (RuntimeException e) {
          if (!closed) {
            throw e;
          }
        }
      }
    }

    @Override
    public ChangeSources open() {
      return new LogSources(
          new LogSources.Settings(
              access,
              "contract",
              "freshet_contract_seed",
              List.of(new SeedServer(cluster.primary().url())),
              Clock.systemUTC()));
    }

    @Override
    public void close() throws SQLException {
      closed = true;
      Publisher running = publisher.get();
      if (running != null) {
        running.close();
      }
      publishing.orTimeout(SECONDS, TimeUnit.SECONDS).join();
      removeSlot(SLOT);
      super.close();
    }
  }
}
