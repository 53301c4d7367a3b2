package dev.freshet.bench;

import dev.freshet.bench.sync.SyncLatency;
import dev.freshet.bench.sync.SyncThroughput;

/** The benchmarks' entry. */
public final class Bench {

  private static final int MANY_CHANGES = 1_000_000;
  private static final int FEW_CHANGES = 150_000;
  private static final int SECONDS = 30;
  private static final int FEW_SECONDS = 5;

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
      default -> {
        System.err.println("Usage: freshet bench read|sync [--short|--throughput|--latency]");
        System.exit(2);
      }
    }
  }
}
