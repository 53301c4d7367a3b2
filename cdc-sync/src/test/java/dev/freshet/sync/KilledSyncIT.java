package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is killed is the sync and the servers of a slot; and faults in the sync are found out. */
class KilledSyncIT extends Killing {

  private static final Logger log = LoggerFactory.getLogger(KilledSyncIT.class);

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
                                followers.write(deltas().ofFollowed());
                                positions.advance(applied, last.end(), last.committedAt(), epoch);
            """,
            """
                                if (!advanced[0]) {
                                  positions.advance(applied, last.end(), last.committedAt(), epoch);
                                  sql.run("commit; begin");
                                  advanced[0] = true;
                                }
                                batch(last.end(), asks, without.keySet()).apply(transactions);
                                followers.write(deltas().ofFollowed());
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
}
