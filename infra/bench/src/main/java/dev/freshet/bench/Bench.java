package dev.freshet.bench;

import dev.freshet.bench.consistency.ConsistencyBench;
import dev.freshet.bench.consistency.ConsistencyCheck;
import dev.freshet.bench.gateway.GatewayBench;
import dev.freshet.bench.sync.SyncLatency;
import dev.freshet.bench.sync.SyncThroughput;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The benchmarks' entry. */
public final class Bench {

  private static final int MANY_CHANGES = 1_000_000;
  private static final int FEW_CHANGES = 150_000;
  private static final int SECONDS = 30;
  private static final int FEW_SECONDS = 5;

  private static final Duration EACH_WAY = Duration.ofSeconds(15);
  private static final int CHECK_PORTS = 12_500;
  private static final int GATEWAY_PORTS = 12_700;

  private Bench() {}

  /**
   * Runs one benchmark and prints its table.
   *
   * @param arguments the benchmark's name
   */
  public static void main(String[] arguments) throws Exception {
    switch (String.join(" ", arguments)) {
      case "read" -> new ReadBench(System.out).run();
      case "sync" -> {
        new SyncThroughput(System.out, MANY_CHANGES).run();
        System.out.println();
        new SyncLatency(System.out, SECONDS).run();
        System.out.println();
        new SyncBench(System.out).run();
      }
      case "sync --short" -> {
        new SyncThroughput(System.out, FEW_CHANGES).run();
        System.out.println();
        new SyncLatency(System.out, FEW_SECONDS).run();
      }
      case "sync --throughput" -> new SyncThroughput(System.out, MANY_CHANGES).run();
      case "sync --latency" -> new SyncLatency(System.out, SECONDS).run();
      case "gateway" -> gateway(GatewayBench.Effort.FULL);
      case "gateway --short" -> gateway(GatewayBench.Effort.SHORT);
      case "consistency" -> new ConsistencyBench(System.out, EACH_WAY, CHECK_PORTS).run();
      case "consistency --check" -> check(ConsistencyCheck.Length.SHORT);
      case "consistency --check --long" -> check(ConsistencyCheck.Length.LONG);
      default -> {
        System.err.println(
            "Usage: freshet bench gateway [--short] | read | sync [--short|--throughput|--latency] | consistency [--check [--long]]");
        System.exit(2);
      }
    }
  }

  private static void gateway(GatewayBench.Effort effort) throws Exception {
    new GatewayBench(System.out, GATEWAY_PORTS, effort).run();
  }

  /** Ends with 1 when a promise was not kept. */
  private static void check(ConsistencyCheck.Length length) throws Exception {
    long seed = Long.getLong("freshet.seed", System.nanoTime());
    List<String> violations =
        new ConsistencyCheck(
                System.out,
                seed,
                new ConsistencyCheck.Options(length, CHECK_PORTS, "session", Map.of()))
            .run();
    if (!violations.isEmpty()) {
      System.exit(1);
    }
  }
}
