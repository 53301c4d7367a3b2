package dev.freshet.systemtests;

import dev.freshet.bench.consistency.BankCheck;
import dev.freshet.bench.consistency.ConsistencyCheck;
import dev.freshet.bench.consistency.ConsistencyCheck.Length;
import dev.freshet.bench.consistency.Fault;
import dev.freshet.bench.consistency.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One check in a JVM of its own, on the benchmarks' class path: the tests' holds PostgreSQL's
 * programs twice. Ends with {@link #BROKEN} when a promise was broken.
 */
final class ConsistencyRun {

  static final int BROKEN = 10;

  /** All faults, one round. */
  static final String ALL = "all";

  /** All faults, round after round. */
  static final String LONG = "all-long";

  /** Anything at any moment, for the better part of a minute. */
  static final String CHAOS = "chaos";

  /** The same for as long as it takes to meet most of it. */
  static final String LONG_CHAOS = "chaos-long";

  /** The same while nothing is. */
  static final String CALM_BANK = "bank-calm";

  /** Nothing goes wrong, for a while. */
  static final String CALM = "calm";

  /** What the name of a check begins with where two read databases follow a log. */
  static final String VIA_LOG = "log:";

  /** What it begins with where a search store follows the read database. */
  static final String VIA_STORE = "store:";

  /** The search store is killed again and again, each time while it writes. */
  static final String STORE_KILLED = "store-killed";

  /** The sample that keeps events, while what serves it is killed. */
  static final String BANK = "bank";

  private static final Duration CHAOS_LASTS = Duration.ofSeconds(40);
  private static final Duration LONG_CHAOS_LASTS = Duration.ofMinutes(20);

  private static final int STORE_KILLS = 25;

  private static final int PORTS = 26_000;

  /** Faults that bring a mutant to light by chance: they are given more of it. */
  private static final Set<String> BY_CHANCE = Set.of("copies-behind", "one-writer", CALM);

  private static final Duration LASTING_LONGER = Duration.ofSeconds(8);

  private static final Map<String, Fault> FAULTS =
      Map.of(
          "clocks-set", Fault.CLOCKS_SET,
          "sync-paused", Fault.SYNC_PAUSED,
          "one-writer", Fault.ONE_WRITER,
          "copies-behind", Fault.COPIES_BEHIND,
          "idle", Fault.IDLE_AT_BOUNDARY,
          "clean-promotion", Fault.CLEAN_PROMOTION,
          "lossy-promotion", Fault.LOSSY_PROMOTION,
          "promotion-beside", Fault.PROMOTION_BESIDE);

  private ConsistencyRun() {}

  /**
   * Runs it.
   *
   * @param arguments seed; level that is asked for where session is checked; {@link #ALL}, {@link
   *     #LONG}, {@link #BANK} or a fault, after {@link #VIA_LOG} or {@link #VIA_STORE} perhaps;
   *     part and folder of classes for each mutant
   */
  public static void main(String[] arguments) throws Exception {
    Topology topology =
        arguments[2].startsWith(VIA_LOG)
            ? Topology.LOG
            : arguments[2].startsWith(VIA_STORE) ? Topology.STORE : Topology.SLOT;
    String what = arguments[2].substring(arguments[2].indexOf(':') + 1);
    Length length =
        switch (what) {
          case LONG -> Length.LONG;
          case String fault when BY_CHANCE.contains(fault) -> Length.ofFault(LASTING_LONGER);
          default -> Length.SHORT;
        };
    Map<String, Path> mutants = new HashMap<>();
    for (int i = 3; i < arguments.length; i += 2) {
      mutants.put(arguments[i], Path.of(arguments[i + 1]));
    }
    ConsistencyCheck check =
        new ConsistencyCheck(
            System.out,
            Long.parseLong(arguments[0]),
            new ConsistencyCheck.Options(length, PORTS, arguments[1], topology, mutants));
    List<String> violations =
        switch (what) {
          case BANK, CALM_BANK ->
              new BankCheck(
                      System.out,
                      Long.parseLong(arguments[0]),
                      PORTS,
                      topology,
                      what.equals(CALM_BANK),
                      mutants)
                  .run();
          case CALM -> check.run(Fault.NONE);
          case STORE_KILLED -> check.run(Fault.storeKilled(STORE_KILLS));
          case CHAOS -> check.chaos(CHAOS_LASTS);
          case LONG_CHAOS -> check.chaos(LONG_CHAOS_LASTS);
          case String fault when FAULTS.containsKey(fault) -> check.run(FAULTS.get(fault));
          default -> check.run();
        };
    System.exit(violations.isEmpty() ? 0 : BROKEN);
  }
}
