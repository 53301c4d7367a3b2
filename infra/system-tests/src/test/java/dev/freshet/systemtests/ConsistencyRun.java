package dev.freshet.systemtests;

import dev.freshet.bench.consistency.ConsistencyCheck;
import dev.freshet.bench.consistency.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * One check in a JVM of its own, on the benchmarks' class path: the tests' holds PostgreSQL's
 * programs twice. Ends with {@link #BROKEN} when a promise was broken.
 */
final class ConsistencyRun {

  static final int BROKEN = 10;

  private static final int PORTS = 26_000;
  private static final Duration LASTING = Duration.ofSeconds(2);

  /** Faults that bring a mutant to light by chance: they are given more of it. */
  private static final Set<String> BY_CHANCE = Set.of("copies-behind", "one-writer");

  private static final Duration LASTING_LONGER = Duration.ofSeconds(8);

  private static final Map<String, Fault> FAULTS =
      Map.of(
          "sync-paused", Fault.SYNC_PAUSED,
          "one-writer", Fault.ONE_WRITER,
          "copies-behind", Fault.COPIES_BEHIND,
          "idle", Fault.IDLE_AT_BOUNDARY,
          "clean-promotion", Fault.CLEAN_PROMOTION,
          "lossy-promotion", Fault.LOSSY_PROMOTION);

  private ConsistencyRun() {}

  /**
   * Runs it.
   *
   * @param arguments seed; level that is asked for where session is checked; {@code all} and the
   *     minutes to go on for, or a fault; part and folder of classes for each mutant
   */
  public static void main(String[] arguments) throws Exception {
    boolean isAll = arguments[2].startsWith("all");
    Duration atLeast =
        isAll ? Duration.ofMinutes(Long.parseLong(arguments[2].substring(3))) : Duration.ZERO;
    Duration lasting = BY_CHANCE.contains(arguments[2]) ? LASTING_LONGER : LASTING;
    Map<String, Path> mutants = new HashMap<>();
    for (int i = 3; i < arguments.length; i += 2) {
      mutants.put(arguments[i], Path.of(arguments[i + 1]));
    }
    ConsistencyCheck check =
        new ConsistencyCheck(
            System.out,
            Long.parseLong(arguments[0]),
            new ConsistencyCheck.Options(atLeast, lasting, PORTS, arguments[1], mutants));
    List<String> violations =
        isAll ? check.run() : check.run(Objects.requireNonNull(FAULTS.get(arguments[2])));
    System.exit(violations.isEmpty() ? 0 : BROKEN);
  }
}
