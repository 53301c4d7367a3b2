package dev.freshet.bench;

import dev.freshet.bench.gateway.PlainGateway;
import dev.freshet.bench.process.JavaCommand;
import dev.freshet.bench.process.ProcessUse;
import dev.freshet.bench.process.ProjectHome;
import dev.freshet.bench.sync.Peer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a system costs that nobody uses: CPU, wake-ups and memory of each part and server, and of
 * all in one JVM, beside a plain Spring Cloud Gateway and a Debezium engine at its defaults. A
 * system with a search store is the last.
 */
final class IdleBench {

  private static final int PORT_BASE = 12_000;
  private static final int PLAIN_GATEWAY_PORT = PORT_BASE + 60;
  private static final int NOBODY = PORT_BASE + 61;

  /** Of CPU time, that are one percent of a core for a second. */
  private static final double MICROS_PER_PERCENT = 1e4;

  private static final String PEER_SLOT = "idle_peer";

  private final PrintStream out;
  private final Length length;

  /** How long everything is left alone before it is measured, and how long that takes. */
  enum Length {
    SHORT(Duration.ofSeconds(30), Duration.ofSeconds(20)),
    FULL(Duration.ofMinutes(5), Duration.ofMinutes(2));

    private final Duration settled;
    private final Duration measured;

    Length(Duration settled, Duration measured) {
      this.settled = settled;
      this.measured = measured;
    }
  }

  IdleBench(PrintStream out, Length length) {
    this.out = out;
    this.length = length;
  }

  /** Processes that are one thing to who reads the table. */
  private record Group(ProcessHandle parent, boolean isServer) {

    List<ProcessHandle> all() {
      return isServer
          ? Stream.concat(Stream.of(parent), parent.children()).toList()
          : List.of(parent);
    }

    double cpuMicros() {
      return isServer ? ProcessUse.cpuMicrosWithChildren(parent) : ProcessUse.cpuMicros(parent);
    }
  }

  /** What a group used while it was watched. */
  private record Use(double percent, double wakeUps, double mebibytes) {

    Use plus(Use other) {
      return new Use(percent + other.percent, wakeUps + other.wakeUps, mebibytes + other.mebibytes);
    }
  }

  /** What a group had used when the look began. */
  private record Before(String name, Group group, double cpuMicros, long wakeUps) {

    Use until(double seconds) {
      return new Use(
          (group.cpuMicros() - cpuMicros) / seconds / MICROS_PER_PERCENT,
          (ProcessUse.wakeUps(group.all()) - wakeUps) / seconds,
          ProcessUse.residentMebibytes(group.all()));
    }
  }

  void run() throws Exception {
    out.printf(
        "%d s, %d s after the start:%n%n", length.measured.toSeconds(), length.settled.toSeconds());
    out.println("| | CPU, percent of a core | wake-ups/s | memory (PSS), MiB |");
    out.println("| --- | --- | --- | --- |");
    Path data = Files.createTempDirectory("freshet-idle-");
    try (UpProcess up = UpProcess.start(data, PORT_BASE)) {
      up.awaitReady();
      settle();
      print("`up`, together", measure(inOneJvm(up, data)));
    }
    try (UpProcess up = UpProcess.start(data, PORT_BASE, "--processes")) {
      up.awaitReady();
      settle();
      print("`up --processes`, together", measure(parts(up, data)));
      peers(up, data);
    }
    try (UpProcess up = UpProcess.start(data, PORT_BASE, "--search")) {
      up.awaitReady();
      settle();
      Map<String, Group> groups = inOneJvm(up, data);
      groups.put("OpenSearch", new Group(up.store(), false));
      print("`up --search`, together", measure(groups));
    }
  }

  private static Map<String, Group> inOneJvm(UpProcess up, Path data) {
    Map<String, Group> groups = new LinkedHashMap<>();
    groups.put("all parts in one JVM", new Group(up.process().toHandle(), false));
    groups.putAll(servers(up, data));
    return groups;
  }

  private static Map<String, Group> parts(UpProcess up, Path data) {
    Map<String, Group> groups = new LinkedHashMap<>();
    groups.put("command line", new Group(up.process().toHandle(), false));
    for (String part :
        List.of(
            "gateway",
            "write-1",
            "replica-1",
            "replica-2",
            "primary-reads",
            "read-1",
            "sync-read-1")) {
      groups.put(part, new Group(up.part(part), false));
    }
    groups.putAll(servers(up, data));
    return groups;
  }

  private static Map<String, Group> servers(UpProcess up, Path data) {
    Map<String, Group> servers = new TreeMap<>();
    for (ProcessHandle server : up.servers()) {
      String arguments =
          server.info().arguments().map(List::of).orElse(List.of()).stream()
              .filter(argument -> argument.startsWith(data.toString()))
              .collect(Collectors.joining());
      servers.put("PostgreSQL of " + Path.of(arguments).getFileName(), new Group(server, true));
    }
    return servers;
  }

  /** The peers come beside the idle system, whose primary the engine follows. */
  private void peers(UpProcess up, Path folder) throws Exception {
    try (Connection primary = up.primary();
        Statement statement = primary.createStatement()) {
      statement.execute("create publication %s for table orders".formatted(PEER_SLOT));
      Process gateway =
          start(
              folder,
              PlainGateway.class,
              List.of(Integer.toString(PLAIN_GATEWAY_PORT), Integer.toString(NOBODY)));
      Process engine =
          start(
              folder,
              Peer.class,
              List.of(
                  "127.0.0.1",
                  Integer.toString(up.primaryPort()),
                  "freshet",
                  "postgres",
                  up.password(),
                  PEER_SLOT,
                  "defaults"));
      try {
        settle();
        Map<String, Group> groups = new LinkedHashMap<>();
        groups.put("Spring Cloud Gateway, plain", new Group(gateway.toHandle(), false));
        groups.put("Debezium engine at its defaults", new Group(engine.toHandle(), false));
        measure(groups);
      } finally {
        gateway.destroyForcibly().waitFor();
        engine.destroyForcibly().waitFor();
        statement.execute(
            "select pg_terminate_backend(active_pid, 3000), pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '%s'"
                .formatted(PEER_SLOT));
      }
    }
  }

  private static Process start(Path folder, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> words = new ArrayList<>(List.of(main.getName()));
    words.addAll(arguments);
    return new ProcessBuilder(
            JavaCommand.of(
                ProjectHome.path().resolve("infra/bench/target/bench.jar").toString(),
                List.of("-XX:+UseParallelGC", "-Xms128m", "-Xmx768m"),
                words))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(main.getSimpleName() + ".out").toFile())
        .start();
  }

  private void settle() throws InterruptedException {
    Thread.sleep(length.settled);
  }

  private Use measure(Map<String, Group> groups) throws InterruptedException {
    List<Before> before = new ArrayList<>();
    groups.forEach(
        (name, group) ->
            before.add(
                new Before(name, group, group.cpuMicros(), ProcessUse.wakeUps(group.all()))));
    long began = System.nanoTime();
    Thread.sleep(length.measured);
    double seconds = (System.nanoTime() - began) / 1e9;
    Use all = new Use(0, 0, 0);
    for (Before each : before) {
      Use use = each.until(seconds);
      print(each.name, use);
      all = all.plus(use);
    }
    return all;
  }

  private void print(String name, Use use) {
    out.printf("| %s | %.2f | %.0f | %.0f |%n", name, use.percent, use.wakeUps, use.mebibytes);
  }
}
