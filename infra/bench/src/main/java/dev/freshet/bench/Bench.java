package dev.freshet.bench;

/** The benchmarks' entry. */
public final class Bench {

  private Bench() {}

  /**
   * Runs one benchmark and prints its table.
   *
   * @param arguments the benchmark's name
   */
  public static void main(String[] arguments) throws Exception {
    switch (arguments.length == 1 ? arguments[0] : "") {
      case "read" -> new ReadBench(System.out).run();
      case "sync" -> new SyncBench(System.out).run();
      default -> {
        System.err.println("Usage: freshet bench read|sync");
        System.exit(2);
      }
    }
  }
}
