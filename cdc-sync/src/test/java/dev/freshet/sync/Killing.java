package dev.freshet.sync;

import dev.freshet.cluster.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Random writers, and kills of everything: nothing is lost or doubled in any shape of model. */
abstract class Killing extends SyncTest {

  private static final Logger log = LoggerFactory.getLogger(Killing.class);

  static final int KILLS = 4;
  static final int LONG_KILLS = 60;

  private static final int WRITERS = 3;
  private static final Duration LONG = Duration.ofMinutes(30);

  @Nullable SyncProcess process;

  @AfterEach
  void stopProcess() throws InterruptedException {
    if (process != null) {
      process.stop();
    }
  }

  @Test
  void everyModelEqualsItsSelectAfterAnyKill() throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Random kills with -Dfreshet.test.seed={}", seed);
    boolean isLong = Boolean.getBoolean("freshet.long");
    run(seed, List.of(), isLong ? LONG_KILLS : KILLS, isLong ? LONG : Duration.ZERO);
  }

  /** How many kinds of kills there are. */
  int kinds() {
    return 4;
  }

  /** Kills at least this often, and for at least this long. */
  final void run(long seed, List<Path> classes, int kills, Duration atLeast) throws Exception {
    onPrimary(RandomWorkload.SCHEMA);
    models(RandomWorkload.MODELS);
    String[] names = RandomWorkload.MODELS.keySet().toArray(String[]::new);
    process = startProcess(classes);
    Random random = new Random(seed);
    Instant end = Instant.now().plus(atLeast);
    int seeds = 0;
    for (int kill = 0; kill < kills || Instant.now().isBefore(end); kill++) {
      AtomicBoolean stopped = new AtomicBoolean();
      Thread[] writers = new Thread[WRITERS];
      for (int w = 0; w < WRITERS; w++) {
        RandomWorkload workload = new RandomWorkload(seed + ++seeds, kill % 2 == 0 ? 8 : 40);
        writers[w] = Thread.ofPlatform().start(() -> write(workload, stopped));
      }
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(2_000)).toNanos());
      kill(random.nextInt(kinds()), classes);
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(1_000)).toNanos());
      stopped.set(true);
      for (Thread writer : writers) {
        writer.join();
      }
      if (kill % 3 == 2 || !classes.isEmpty()) {
        awaitInStep(names);
      }
    }
    awaitInStep(names);
  }

  void kill(int what, List<Path> classes) throws Exception {
    switch (what) {
      case 0 -> killAndStart(primary());
      case 1 -> killAndStart(readServer());
      default -> {
        Objects.requireNonNull(process).kill();
        process = startProcess(classes);
      }
    }
  }

  final SyncProcess startProcess(List<Path> classes) throws Exception {
    return SyncProcess.start(properties(Map.of()), classes, folder.resolve("sync.log"));
  }

  private static void killAndStart(PostgresServer server) {
    server.process().orElseThrow().destroyForcibly();
    startAgain(server);
  }

  private void write(RandomWorkload workload, AtomicBoolean stopped) {
    while (!stopped.get()) {
      try (Connection connection = connect(primary())) {
        while (!stopped.get()) {
          workload.transaction(connection);
        }
      } catch (SQLException e) {
        // The primary was killed; whatever was committed is there when it is back.
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
  }
}
