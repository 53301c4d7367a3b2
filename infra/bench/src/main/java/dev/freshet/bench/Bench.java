package dev.freshet.bench;

import dev.freshet.bench.consistency.ConsistencyBench;
import dev.freshet.bench.consistency.ConsistencyCheck;
import dev.freshet.bench.consistency.Topology;
import dev.freshet.bench.gateway.FaultBench;
import dev.freshet.bench.gateway.GatewayBench;
import dev.freshet.bench.gateway.ProtectionBench;
import dev.freshet.bench.gateway.WatchingBench;
import dev.freshet.bench.sync.LogBench;
import dev.freshet.bench.sync.SyncLatency;
import dev.freshet.bench.sync.SyncThroughput;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The benchmarks' entry. */
public final class Bench {

  private static final int MANY_ORDERS = 1_000_000;
  private static final int FEW_ORDERS = 50_000;
  private static final int MANY_CHANGES = 1_000_000;
  private static final int FEW_CHANGES = 150_000;
  private static final int SECONDS = 30;
  private static final int FEW_SECONDS = 5;

  private static final int MANY_COMMANDS = 10_000;
  private static final int FEW_COMMANDS = 2_000;
  private static final String WRITE_BESIDE = "write --beside ";

  private static final Duration EACH_WAY = Duration.ofSeconds(15);
  private static final int MANY_SEEDED = 1_000_000;
  private static final int FEW_SEEDED = 20_000;
  private static final int CHECK_PORTS = 12_500;
  private static final int GATEWAY_PORTS = 12_700;

  private Bench() {}

  /**
   * Runs one benchmark and prints its tables, with {@code --json} as JSON once it is over.
   *
   * @param arguments the benchmark's name and options
   */
  public static void main(String[] arguments) throws Exception {
    List<String> names = new ArrayList<>(List.of(arguments));
    String benchmark = names.isEmpty() ? "" : names.getFirst();
    boolean isJson = names.remove("--json");
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    int status =
        run(
            String.join(" ", names),
            isJson ? new PrintStream(printed, true, StandardCharsets.UTF_8) : System.out);
    if (isJson && status != 2) {
      System.out.println(JsonReport.of(benchmark, printed.toString(StandardCharsets.UTF_8)));
    }
    if (status != 0) {
      System.exit(status);
    }
  }

  /** The status to end with: 1 when a promise was not kept, 2 for a benchmark that there is not. */
  private static int run(String benchmark, PrintStream out) throws Exception {
    switch (benchmark) {
      case "read" -> {
        new ReadBench(out).run();
        new QueryBench(out, MANY_ORDERS).run();
      }
      case "read --queries" -> new QueryBench(out, MANY_ORDERS).run();
      case "read --queries --short" -> new QueryBench(out, FEW_ORDERS).run();
      case "sync" -> {
        new SyncThroughput(out, MANY_CHANGES).run();
        out.println();
        new SyncLatency(out, SECONDS).run();
        out.println();
        new SyncBench(out).run();
      }
      case "sync --short" -> {
        new SyncThroughput(out, FEW_CHANGES).run();
        out.println();
        new SyncLatency(out, FEW_SECONDS).run();
      }
      case "sync --throughput" -> new SyncThroughput(out, MANY_CHANGES).run();
      case "sync --latency" -> new SyncLatency(out, SECONDS).run();
      case "sync --via log" -> new LogBench(out, MANY_CHANGES, SECONDS, MANY_SEEDED).run();
      case "sync --short --via log" ->
          new LogBench(out, FEW_CHANGES, FEW_SECONDS, FEW_SEEDED).run();
      case "search" -> new SearchBench(out, SearchBench.Length.FULL).run();
      case "search --short" -> new SearchBench(out, SearchBench.Length.SHORT).run();
      case "gateway" -> new GatewayBench(out, GATEWAY_PORTS, GatewayBench.Effort.FULL).run();
      case "gateway --short" ->
          new GatewayBench(out, GATEWAY_PORTS, GatewayBench.Effort.SHORT).run();
      case "gateway --protections" ->
          new ProtectionBench(out, GATEWAY_PORTS, GatewayBench.Effort.FULL).run();
      case "gateway --watching" ->
          new WatchingBench(out, GATEWAY_PORTS, GatewayBench.Effort.FULL).run();
      case "gateway --faults" -> new FaultBench(out, GATEWAY_PORTS).run();
      case "idle" -> new IdleBench(out, IdleBench.Length.FULL).run();
      case "idle --short" -> new IdleBench(out, IdleBench.Length.SHORT).run();
      case "write" -> new WriteBench(out, MANY_COMMANDS, null).run();
      case "write --short" -> new WriteBench(out, FEW_COMMANDS, null).run();
      case String named when named.startsWith(WRITE_BESIDE) ->
          new WriteBench(out, MANY_COMMANDS, Path.of(named.substring(WRITE_BESIDE.length()))).run();
      case "consistency" -> new ConsistencyBench(out, EACH_WAY, CHECK_PORTS).run();
      case "consistency --check" -> {
        return check(ConsistencyCheck.Length.SHORT, Topology.SLOT, out);
      }
      case "consistency --check --via log" -> {
        return check(ConsistencyCheck.Length.SHORT, Topology.LOG, out);
      }
      case "consistency --check --via store" -> {
        return check(ConsistencyCheck.Length.SHORT, Topology.STORE, out);
      }
      case "consistency --check --long --via store" -> {
        return check(ConsistencyCheck.Length.LONG, Topology.STORE, out);
      }
      case "consistency --check --long --via log" -> {
        return check(ConsistencyCheck.Length.LONG, Topology.LOG, out);
      }
      case "consistency --check --long" -> {
        return check(ConsistencyCheck.Length.LONG, Topology.SLOT, out);
      }
      default -> {
        System.err.println(
            "Usage: freshet bench gateway [--short|--faults|--protections|--watching] | idle [--short] | read [--queries [--short]] | sync [--short|--throughput|--latency] [--via log] | search [--short] | write [--short|--beside JAR] | consistency [--check [--long] [--via log|store]], each with --json");
        return 2;
      }
    }
    return 0;
  }

  private static int check(ConsistencyCheck.Length length, Topology topology, PrintStream out)
      throws Exception {
    long seed = Long.getLong("freshet.seed", System.nanoTime());
    List<String> violations =
        new ConsistencyCheck(
                out,
                seed,
                new ConsistencyCheck.Options(length, CHECK_PORTS, "session", topology, Map.of()))
            .run();
    return violations.isEmpty() ? 0 : 1;
  }
}
