package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.freshet.bench.consistency.SetClock;
import dev.freshet.bench.process.ProjectHome;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients see what they wrote while things go wrong; and where they don't, it is found out. */
class ConsistencyIT {

  private static final String SEARCH_READER =
      "read-backend/src/main/java/dev/freshet/read/search/SearchStore.java";

  @TempDir Path folder;

  @Test
  void noPromiseIsBrokenWhateverGoesWrong() throws Exception {
    assertKept(
        "session", Boolean.getBoolean("freshet.long") ? ConsistencyRun.LONG : ConsistencyRun.ALL);
  }

  @Test
  void noPromiseIsBrokenWhateverGoesWrongWithALogBetween() throws Exception {
    assertKept(
        "session",
        ConsistencyRun.VIA_LOG
            + (Boolean.getBoolean("freshet.long") ? ConsistencyRun.LONG : ConsistencyRun.ALL));
  }

  @Test
  void noPromiseIsBrokenWhateverGoesWrongWithASearchStore() throws Exception {
    if (Boolean.getBoolean("freshet.long")) {
      assertKept("session", ConsistencyRun.VIA_STORE + ConsistencyRun.LONG);
      assertKept("session", ConsistencyRun.VIA_STORE + ConsistencyRun.STORE_KILLED);
      assertKept("session", ConsistencyRun.VIA_STORE + ConsistencyRun.BANK);
    } else {
      assertKept("session", ConsistencyRun.VIA_STORE + ConsistencyRun.ALL);
    }
  }

  /**
   * A read by key that is ahead of searches, and of the position that is told with it. The follower
   * is slow, which is no fault: what it has written is not searchable for a while.
   */
  @Test
  void readOfASearchStoreInRealTimeIsFoundOut() throws Exception {
    Path mutant =
        mutant(
            SEARCH_READER,
            "return found(question, before.max(last.applied()), answers.get(1));",
            """
            String answer = answers.get(1);
            if (limit == 1) {
              String hits = String.valueOf(Json.members(answer).get("hits"));
              List<String> all = Json.elements(String.valueOf(Json.members(hits).get("hits")));
              if (!all.isEmpty()) {
                String id = Json.text(String.valueOf(Json.members(all.getFirst()).get("_id")));
                String document =
                    client.textOf(
                        "GET",
                        "/" + StoreNames.alias(index.model()) + "/_doc/"
                            + java.net.URLEncoder.encode(id, StandardCharsets.UTF_8),
                        null);
                answer = "{\\"hits\\":{\\"hits\\":[" + document + "]}}";
              }
            }
            return found(question, before.max(last.applied()), answer);
            """);
    Path slow =
        mutant(
            "cdc-sync/src/main/java/dev/freshet/sync/search/SearchSink.java",
            "      bulk.flush(!changed.isEmpty());",
            "      java.util.concurrent.locks.LockSupport.parkNanos(300_000_000L);\n      bulk.flush(!changed.isEmpty());");
    assertBroken(
        "MONOTONIC_READS",
        "session",
        ConsistencyRun.VIA_STORE + ConsistencyRun.CALM,
        "search-1",
        mutant.toString(),
        "follower",
        slow.toString());
  }

  /**
   * Rows are sent and made searchable one by one, as a store does that refreshes by itself, and
   * nobody looks whether that is all of a batch.
   */
  @Test
  void halfABatchOfASearchStoreIsFoundOut() throws Exception {
    String refreshing =
        mutant(
                "cdc-sync/src/main/java/dev/freshet/sync/search/BulkWriter.java",
                "    if (!writes.isEmpty() && (bytes + more > MOST_BYTES || writes.size() >= MOST_DOCUMENTS)) {\n      flush(false);",
                "    if (!writes.isEmpty()) {\n      flush(true);\n      java.util.concurrent.locks.LockSupport.parkNanos(100_000_000L);")
            .toString();
    String trusting =
        mutant(SEARCH_READER, "if (first.equals(last) && first.isWhole()) {", "if (true) {")
            .toString();
    assertBroken(
        "MONEY_IS_NEITHER_MADE_NOR_LOST",
        "session",
        ConsistencyRun.VIA_STORE + ConsistencyRun.CALM_BANK,
        "follower",
        refreshing,
        "search-1",
        trusting);
  }

  @Test
  void noPromiseIsBrokenInChaosAndAllIsReadySoonAfterIt() throws Exception {
    assertKept(
        "session",
        Boolean.getBoolean("freshet.long") ? ConsistencyRun.LONG_CHAOS : ConsistencyRun.CHAOS);
  }

  @Test
  void noPromiseIsBrokenInChaosWithALogBetween() throws Exception {
    assertKept(
        "session",
        ConsistencyRun.VIA_LOG
            + (Boolean.getBoolean("freshet.long")
                ? ConsistencyRun.LONG_CHAOS
                : ConsistencyRun.CHAOS));
  }

  @Test
  void clocksThatAreSetBreakNoPromiseAndStopNothing() throws Exception {
    assumeTrue(SetClock.isPossible(), "SKIPPED: install Debian's package faketime");
    assertKept("session", "clocks-set");
  }

  @Test
  void promotionThatLosesNothingIsNotSeen() throws Exception {
    assertKept("session", "clean-promotion");
  }

  @Test
  void noMoneyIsMadeOrLostAndEachEventIsToldOnceWhateverIsKilled() throws Exception {
    assertKept("session", ConsistencyRun.BANK);
  }

  /** The key is there, and nobody looks. */
  @Test
  void keyThatIsNotFoundAgainIsFoundOut() throws Exception {
    Path mutant =
        mutant(
            "write-backend/src/main/java/dev/freshet/write/run/Keys.java",
            "return rows.isEmpty() ? new Found.Fresh() : done(rows.getFirst());",
            "return new Found.Fresh();");
    assertBroken(
        "NOTHING_IS_LOST_OR_DOUBLED", "session", ConsistencyRun.BANK, "write-1", mutant.toString());
  }

  @Test
  void eventualReadsAreFoundOutWhereSessionIsPromised() throws Exception {
    assertBroken("READ_YOUR_WRITES", "eventual", "sync-paused");
  }

  @Test
  void positionThatIsTakenBeforeTheCommitIsFoundOut() throws Exception {
    Path mutant =
        mutant(
            "write-backend/src/main/java/dev/freshet/write/CommandPath.java",
            """
                  outcome = outcome(request, match, body, connection);
                  position = positionAfter(name, connection);
            """,
            """
                  position = positionAfter(name, connection);
                  outcome = outcome(request, match, body, connection);
            """);
    assertBroken("READ_YOUR_WRITES", "session", "copies-behind", "write-1", mutant.toString());
  }

  @Test
  void timelineThatIsIgnoredIsFoundOut() throws Exception {
    Path mutant =
        mutant(
            "infra/protocol/src/main/java/dev/freshet/protocol/TimelineHistory.java",
            "    if (position.timeline() == current) {\n      return Optional.of(position);",
            "    if (true) {\n      return Optional.of(new Position(current, position.lsn()));");
    assertBroken("READ_YOUR_WRITES", "session", "lossy-promotion", "gateway", mutant.toString());
  }

  @Test
  void syncThatDoesNotPingIsFoundOut() throws Exception {
    Path mutant =
        mutant(
            "cdc-sync/src/main/java/dev/freshet/sync/slot/Pinger.java",
            "    Lsn message = source.ping();",
            "    Lsn message = source.place().position().lsn();");
    assertBroken("IDLE_COPIES_CATCH_UP", "session", "idle", "sync", mutant.toString());
  }

  /** The gateway holds back what is stamped before the position that it required; not here. */
  @Test
  void stampOfBeforeTheReadIsFoundOut() throws Exception {
    String stamped =
        mutant(
                "read-backend/src/main/java/dev/freshet/read/AnswerWriter.java",
                "        .header(FreshetHeaders.POSITION, at.toString());\n  }\n\n  private static boolean isKnown",
                "        .header(FreshetHeaders.POSITION, \"1:0/0\");\n  }\n\n  private static boolean isKnown")
            .toString();
    String trusting =
        mutant(
                "gateway/src/main/java/dev/freshet/gateway/Placing.java",
                "return minimum != null && told.timeline() == minimum.timeline() && !told.isAtOrPast(minimum);",
                "return false;")
            .toString();
    assertBroken(
        "MONOTONIC_READS",
        "session",
        "one-writer",
        "read-1",
        stamped,
        "replica-1",
        stamped,
        "replica-2",
        stamped,
        "gateway",
        trusting);
  }

  private static void assertKept(String... arguments) throws Exception {
    Ended ended = run(arguments);
    assertThat(ended.status()).as(ended.report()).isZero();
  }

  private static void assertBroken(String promise, String... arguments) throws Exception {
    Ended ended = run(arguments);
    assertThat(ended.status()).as(ended.report()).isEqualTo(ConsistencyRun.BROKEN);
    assertThat(ended.report()).containsPattern("(?m)^" + promise + ": ");
  }

  /** How a check ended. */
  private record Ended(int status, String report) {}

  private static Ended run(String... arguments) throws Exception {
    Path home = ProjectHome.path();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Dfreshet.home=" + home,
                "-cp",
                home.resolve("infra/bench/target/bench.jar")
                    + File.pathSeparator
                    + home.resolve("infra/system-tests/target/test-classes"),
                ConsistencyRun.class.getName(),
                Long.toString(Long.getLong("freshet.test.seed", System.nanoTime()))));
    command.addAll(List.of(arguments));
    Path report =
        home.resolve(
            "infra/system-tests/target/consistency-%s.txt"
                .formatted(
                    String.join("-", List.of(arguments).subList(0, arguments.length > 2 ? 3 : 2))));
    int status =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(report.toFile())
            .start()
            .waitFor();
    return new Ended(status, Files.readString(report));
  }

  /** Compiles a class of a part with a fault in it. */
  private Path mutant(String source, String sound, String faulty) throws Exception {
    Path home = ProjectHome.path();
    String text = Files.readString(home.resolve(source));
    assertThat(text).contains(sound);
    Path mutated =
        Files.writeString(
            folder.resolve(Path.of(source).getFileName().toString()), text.replace(sound, faulty));
    Path classes = Files.createDirectories(folder.resolve("classes"));
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-d",
                classes.toString(),
                "-cp",
                home.resolve("infra/local/target/freshet.jar").toString(),
                mutated.toString());
    assertThat(result).isZero();
    return classes;
  }
}
