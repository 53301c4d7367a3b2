package dev.freshet.bench;

import dev.freshet.bench.figures.Figures;
import dev.freshet.bench.gateway.Load;
import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.JavaCommand;
import dev.freshet.bench.process.Pgbench;
import dev.freshet.bench.process.ProcessUse;
import dev.freshet.bench.process.ProjectHome;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a command takes: a declared one, beside pgbench with the statements that it ran, a
 * conventional controller with JPA, and, where one is named, another build of Freshet. Then events
 * appended to many streams, and to streams that are long.
 */
final class WriteBench {

  private static final int PORTS = 12_500;
  private static final int DATABASE_PORT = PORTS + 50;
  private static final int CLIENTS = 8;
  private static final int RUNS = 3;
  private static final int STREAMS = 10_000;

  private final PrintStream out;
  private final int requests;
  private final @Nullable Path beside;
  private final AtomicInteger keys = new AtomicInteger();

  /**
   * Prepares it.
   *
   * @param requests of a run
   * @param beside the jar of another build, whose write-backend has the restaurant's commands; null
   *     for none
   */
  WriteBench(PrintStream out, int requests, @Nullable Path beside) {
    this.out = out;
    this.requests = requests;
    this.beside = beside;
  }

  /** Who is asked. */
  private record Asked(String name, int port, ProcessHandle jvm) {}

  /** What it took, in microseconds of CPU a command, and in time. */
  private static final class Taken {
    private final double[] jvm = new double[RUNS];
    private final double[] server = new double[RUNS];
    private final Histogram latencies = new Histogram(3);
  }

  /** Runs it, and prints what came of it. */
  void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-");
    List<Process> processes = new ArrayList<>();
    try (Cluster cluster =
            Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, DATABASE_PORT, true));
        Load load = new Load()) {
      for (String database : List.of("orders", "beside", "bank")) {
        execute(cluster.primary(), "create database " + database);
      }
      try {
        orders(cluster, folder, load, processes);
        bank(cluster, folder, load, processes);
      } finally {
        processes.forEach(Process::destroyForcibly);
        for (Process process : processes) {
          process.waitFor();
        }
      }
    }
  }

  private void orders(Cluster cluster, Path folder, Load load, List<Process> processes)
      throws Exception {
    List<Asked> all = new ArrayList<>();
    all.add(declared("restaurant", "orders", PORTS, processes, folder));
    if (beside != null) {
      all.add(
          start(
              "the other build",
              PORTS + 1,
              processes,
              JavaCommand.of(
                  beside.toString(),
                  JVM,
                  List.of(
                      "dev.freshet.local.Freshet",
                      "write",
                      "--primary",
                      url("beside"),
                      "--port",
                      Integer.toString(PORTS + 1))),
              folder));
    }
    all.add(
        start(
            "Spring MVC and JPA",
            PORTS + 2,
            processes,
            JavaCommand.of(
                ProjectHome.path().resolve("infra/conventional/target/conventional.jar").toString(),
                JVM,
                List.of(
                    "dev.freshet.conventional.ConventionalBackend",
                    Integer.toString(PORTS + 2),
                    "jdbc:postgresql://127.0.0.1:%d/orders".formatted(DATABASE_PORT),
                    "postgres",
                    String.valueOf(cluster.primary().url().password()))),
            folder));
    compare(
        "an order of two dishes",
        cluster,
        load,
        all,
        number ->
            new Load.Post(
                "/orders",
                "",
                """
                {"kind":"takeaway","customer":"Ada","items":[{"sku":"margherita","quantity":2},{"sku":"marinara","quantity":1}]}"""),
        key -> new Limit("orders", List.of(), Map.of()));
  }

  private void bank(Cluster cluster, Path folder, Load load, List<Process> processes)
      throws Exception {
    Path bank = ProjectHome.path().resolve("infra/bank");
    Asked asked = declared("bank", "bank", PORTS + 3, processes, folder);
    PostgresServer primary = cluster.primary();
    execute(
        primary,
        "bank",
        "create schema if not exists read; create view read.balance as "
            + Files.readString(bank.resolve("models/balance.sql"))
                .replaceFirst("(?s)^/\\*.*?\\*/", ""));
    execute(
        primary,
        "bank",
        """
        insert into event (stream, version, type, data)
        select 's-' || s, v, case v when 1 then 'Opened' else 'Deposited' end,
          case v when 1 then '{"owner": "O"}' else '{"amount": 1}' end::jsonb
        from generate_series(0, %d) s, generate_series(1, 2) v;
        insert into event (stream, version, type, data)
        select 'long-' || length || '-' || s, v, case v when 1 then 'Opened' else 'Deposited' end,
          case v when 1 then '{"owner": "O"}' else '{"amount": 1}' end::jsonb
        from (values (100, 400), (1000, 100)) l(length, streams), generate_series(0, streams - 1) s,
          generate_series(1, length) v;
        analyze event
        """
            .formatted(STREAMS - 1));
    awaitAccepted(load, asked);
    compare(
        "a deposit, to one of %,d streams".formatted(STREAMS),
        cluster,
        load,
        List.of(asked),
        number -> deposit("s-" + number % STREAMS),
        key -> limit(primary, key, "s-", STREAMS));
    for (int length : new int[] {100, 1_000}) {
      int streams = length == 100 ? 400 : 100;
      compare(
          "a deposit, decided by a fold of %,d events".formatted(length),
          cluster,
          load,
          List.of(asked),
          number -> deposit("long-%d-%d".formatted(length, number % streams)),
          key -> limit(primary, key, "long-%d-".formatted(length), streams));
    }
  }

  /**
   * How the statements of one command become those of many.
   *
   * @param first lines of the script
   * @param instead what stands for some of the parameters
   */
  private record Limit(String database, List<String> first, Map<String, String> instead) {}

  private interface Limits {
    /** By the idempotency key of the command whose statements are logged. */
    Limit of(String key) throws SQLException;
  }

  /** Each client has streams of its own, as pgbench does not try again. */
  private static Limit limit(PostgresServer primary, String key, String prefix, int streams)
      throws SQLException {
    try (Connection connection = Pgbench.connect(primary, "bank");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select version, balance from read.balance where account = '%s0'"
                    .formatted(prefix))) {
      row.next();
      return new Limit(
          "bank",
          List.of(
              "\\set n :client_id * %1$d + random(0, %1$d - 1)".formatted(streams / CLIENTS),
              "\\set k random(1, 1000000000000)"),
          Map.of(
              prefix + "0",
              "('%s' || :n::text)".formatted(prefix),
              row.getString(1),
              ":version",
              row.getString(2),
              ":balance",
              key,
              "('k' || :k::text)",
              "\ndeposit\n" + key,
              "('deposit' || :k::text)"));
    }
  }

  private Load.Post deposit(String account) {
    return new Load.Post(
        "/accounts/%s/deposits".formatted(account),
        "Idempotency-Key: k%d\r\n".formatted(keys.incrementAndGet()),
        "{\"amount\":1}");
  }

  private static final List<String> JVM = List.of("-XX:+UseParallelGC", "-Xmx256m");

  /** A write-backend with a sample's commands. */
  private static Asked declared(
      String sample, String database, int port, List<Process> processes, Path folder)
      throws Exception {
    Path files = ProjectHome.path().resolve("infra").resolve(sample);
    return start(
        "declared command",
        port,
        processes,
        JavaCommand.ofFreshet(
            List.of(),
            JVM,
            List.of(
                "write",
                "--primary",
                url(database),
                "--schema",
                files.resolve("schema").toString(),
                "--commands",
                files.resolve("commands").toString(),
                "--port",
                Integer.toString(port))),
        folder);
  }

  private static Asked start(
      String name, int port, List<Process> processes, List<String> command, Path folder)
      throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Files.createTempFile(folder, "part-", ".out").toFile());
    builder.environment().put("PGPASSFILE", folder.resolve("data/pgpass").toString());
    Process process = builder.start();
    processes.add(process);
    awaitReady(port);
    return new Asked(name, port, process.toHandle());
  }

  /** Whatever it answers: the controller knows no such path. */
  private static void awaitReady(int port) throws InterruptedException {
    HttpCalls calls = new HttpCalls(Duration.ofSeconds(5));
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (System.nanoTime() < end) {
      try {
        String url = "http://127.0.0.1:%d/.freshet/position".formatted(port);
        if (calls.send("GET", url, "").statusCode() < 500) {
          return;
        }
      } catch (IOException e) {
        // Not yet.
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    throw new IllegalStateException("Nobody answers at port " + port);
  }

  /** The commands were not ready before there were read models. */
  private void awaitAccepted(Load load, Asked asked) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (true) {
      try {
        load.post(asked.port(), number -> deposit("s-0"), 1, 1);
        return;
      } catch (ExecutionException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      }
    }
  }

  private static String url(String database) {
    return "postgresql://postgres@127.0.0.1:%d/%s".formatted(DATABASE_PORT, database);
  }

  private static void execute(PostgresServer server, String sql) throws SQLException {
    execute(server, "freshet", sql);
  }

  private static void execute(PostgresServer server, String database, String sql)
      throws SQLException {
    try (Connection connection = Pgbench.connect(server, database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void compare(
      String what,
      Cluster cluster,
      Load load,
      List<Asked> all,
      IntFunction<Load.Post> posts,
      Limits limits)
      throws Exception {
    Map<Asked, Taken> taken = new LinkedHashMap<>();
    for (Asked asked : all) {
      taken.put(asked, new Taken());
      load.post(asked.port(), posts, CLIENTS, 2 * requests);
    }
    ProcessHandle server = cluster.primary().process().orElseThrow();
    Load.Post one = posts.apply(0);
    String key = "logged" + keys.incrementAndGet();
    Limit limited = limits.of(key);
    Pgbench.Script script =
        Pgbench.ofLogged(
            cluster.primary(),
            limited.database(),
            "freshet-write",
            limited.first(),
            limited.instead(),
            () ->
                load.post(
                    all.getFirst().port(),
                    number ->
                        new Load.Post(
                            one.path(), one.headers().replaceFirst("(?<=: )\\w+", key), one.json()),
                    1,
                    1));
    double[] limit = new double[RUNS];
    for (int run = 0; run < RUNS; run++) {
      for (Asked asked : all) {
        Taken cost = Objects.requireNonNull(taken.get(asked));
        double jvmBefore = ProcessUse.cpuMicros(asked.jvm());
        double serverBefore = ProcessUse.cpuMicrosWithChildren(server);
        Load.Outcome outcome = load.post(asked.port(), posts, CLIENTS, requests);
        cost.jvm[run] = (ProcessUse.cpuMicros(asked.jvm()) - jvmBefore) / requests;
        cost.server[run] = (ProcessUse.cpuMicrosWithChildren(server) - serverBefore) / requests;
        cost.latencies.add(outcome.latencies());
      }
      double before = ProcessUse.cpuMicrosWithChildren(server);
      int done =
          Pgbench.run(
              DATABASE_PORT,
              String.valueOf(cluster.primary().url().password()),
              script,
              CLIENTS,
              requests);
      limit[run] = (ProcessUse.cpuMicrosWithChildren(server) - before) / done;
    }
    print(what, taken, Figures.median(limit));
  }

  private void print(String what, Map<Asked, Taken> taken, double limit) {
    out.printf(
        "%n| %s; %d clients, medians of %d alternating runs of %,d | JVM us | PostgreSQL us | p50 ms | p99 ms |%n",
        what, CLIENTS, RUNS, requests);
    out.println("| --- | --- | --- | --- | --- |");
    taken.forEach(
        (asked, cost) ->
            out.printf(
                "| %s | %.0f | %.0f | %.2f | %.2f |%n",
                asked.name(),
                Figures.median(cost.jvm),
                Figures.median(cost.server),
                cost.latencies.getValueAtPercentile(50) / 1e6,
                cost.latencies.getValueAtPercentile(99) / 1e6));
    out.printf("| pgbench, the same statements | | %.0f | | |%n", limit);
    Taken declared = taken.values().iterator().next();
    out.printf(
        "%nPostgreSQL takes %.2f times what it takes for pgbench.%n",
        Figures.median(declared.server) / limit);
  }
}
