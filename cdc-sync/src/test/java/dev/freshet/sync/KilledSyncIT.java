package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.cluster.PostgresServer;
import java.nio.file.Files;
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
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Random writers, and kills of everything: nothing is lost or doubled in any shape of model. */
class KilledSyncIT extends SyncTest {

  private static final Logger log = LoggerFactory.getLogger(KilledSyncIT.class);

  private static final int WRITERS = 3;
  private static final int KILLS = 4;
  private static final int LONG_KILLS = 60;
  private static final Duration LONG = Duration.ofMinutes(30);

  private @Nullable SyncProcess process;

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

  @Test
  void whatIsLiveIsRightAfterAnyKillBesideHostileChanges() throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    log.warn("Hostile changes and kills with -Dfreshet.test.seed={}", seed);
    Random random = new Random(seed);
    onPrimary(HostileWorkload.SCHEMA);
    models(HostileWorkload.MODELS);
    String[] names = HostileWorkload.MODELS.keySet().toArray(String[]::new);
    process = startProcess(List.of());
    awaitInStep(names);
    for (int kill = 1; kill <= (Boolean.getBoolean("freshet.long") ? LONG_KILLS : KILLS); kill++) {
      int moves = random.nextInt(8);
      for (int i = 0; i < moves; i++) {
        onPrimary(HostileWorkload.move(random));
      }
      // The sync may be anywhere in what it makes of them.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(1_500)).toNanos());
      kill(random.nextInt(4), List.of());
      onPrimary("update calm set v = v + 1 where id = " + (1 + random.nextInt(20)));
      awaitInStep("calm");
      assertThat(equalOfLive(HostileWorkload.MODELS.keySet())).contains("calm");
    }
    onPrimary(HostileWorkload.HEALED);
    awaitInStep(names);
  }

  @Test
  void aSyncThatLooksForWhatIsTouchedOnlyAfterTheChangeIsFoundOut() throws Exception {
    Path classes =
        mutated(
            "apply/MaintainedModel",
            "    for (AffectedKeys way : plan.ways()) {",
            "    if (moment == Moment.BEFORE) return;\n    for (AffectedKeys way : plan.ways()) {");
    assertFoundOut(classes, 3);
  }

  @Test
  void aSyncThatWritesThePositionInATransactionOfItsOwnIsFoundOut() throws Exception {
    Path classes =
        mutated(
            "apply/Applier",
            """
                                batch(last.end(), asks, without.keySet()).apply(transactions);
                                positions.advance(applied, last.end(), last.committedAt(), epoch);
            """,
            """
                                if (!advanced[0]) {
                                  positions.advance(applied, last.end(), last.committedAt(), epoch);
                                  sql.run("commit; begin");
                                  advanced[0] = true;
                                }
                                batch(last.end(), asks, without.keySet()).apply(transactions);
            """);
    assertFoundOut(classes, LONG_KILLS);
  }

  @Test
  void anotherSyncTakesOverFromAKilledOneAndFromOneThatIsCutOff() throws Exception {
    onPrimary("create table orders (id int primary key); insert into orders values (1)");
    model("orders", "/* key: id */ select o.id from orders o");
    process = startProcess(List.of());
    awaitInStep("orders");
    Path secondLog = folder.resolve("second.log");
    SyncProcess second = SyncProcess.start(properties(Map.of()), List.of(), secondLog);
    try {
      await(() -> standbys(secondLog) == 1);
      Instant killed = Instant.now();
      process.kill();
      onPrimary("insert into orders values (2)");
      awaitInStep("orders");
      log.warn("Taken over after {}", Duration.between(killed, Instant.now()));

      Path thirdLog = folder.resolve("third.log");
      process = SyncProcess.start(properties(Map.of()), List.of(), thirdLog);
      await(() -> standbys(thirdLog) == 1);
      second.halt();
      // What the server does by itself when nothing answers on the connection any more.
      read(
          "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())");
      onPrimary("insert into orders values (3)");
      awaitInStep("orders");
      String epoch = read("select epoch from freshet.position");
      second.goOn();
      await(() -> standbys(secondLog) == 2);
      onPrimary("insert into orders values (4)");
      awaitInStep("orders");
      assertThat(read("select epoch from freshet.position")).isEqualTo(epoch);
    } finally {
      second.goOn();
      second.stop();
    }
  }

  private static long standbys(Path log) throws Exception {
    try (var lines = Files.lines(log)) {
      return lines.filter(line -> line.contains("STANDBY")).count();
    }
  }

  private void assertFoundOut(Path classes, int kills) {
    assertThatThrownBy(() -> run(1, List.of(classes), kills, Duration.ZERO))
        .isInstanceOf(AssertionError.class)
        .hasMessageNotContaining("It did not happen");
  }

  /** Compiles a class of the sync with a fault in it. */
  private Path mutated(String name, String sound, String faulty) throws Exception {
    String source = Files.readString(Path.of("src/main/java/dev/freshet/sync/" + name + ".java"));
    assertThat(source).contains(sound);
    Path faultySource =
        Files.createDirectories(folder.resolve("faulty"))
            .resolve(Path.of(name).getFileName() + ".java");
    Files.writeString(
        faultySource,
        source
            .replace(sound, faulty)
            .replace("boolean carefully =", "boolean[] advanced = {false}; boolean carefully ="));
    Path classes = Files.createDirectories(folder.resolve("classes"));
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(
                    null,
                    null,
                    null,
                    "-proc:none",
                    "-d",
                    classes.toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    faultySource.toString()))
        .isZero();
    return classes;
  }

  /** Kills at least this often, and for at least this long. */
  private void run(long seed, List<Path> classes, int kills, Duration atLeast) throws Exception {
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
      kill(random.nextInt(4), classes);
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

  private void kill(int what, List<Path> classes) throws Exception {
    switch (what) {
      case 0 -> killAndStart(primary());
      case 1 -> killAndStart(readServer());
      default -> {
        Objects.requireNonNull(process).kill();
        process = startProcess(classes);
      }
    }
  }

  private SyncProcess startProcess(List<Path> classes) throws Exception {
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
