package dev.freshet.bench.consistency;

import dev.freshet.protocol.TimelineHistory;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Clients write and read while faults come and go, round by round; each round has a system of its
 * own and ends with a promotion. The report lists what was promised and did not happen.
 */
public final class ConsistencyCheck {

  private static final int CLIENTS = 6;

  /** What has to have happened in a round at least, so that it tells anything. */
  private static final Map<String, Integer> EXERCISED =
      Map.of(
          "writes acknowledged",
          300,
          "answered session",
          500,
          "answered strong",
          100,
          "answered bounded",
          100,
          "from kind=primary",
          10,
          Fault.AT_BOUNDARY,
          1);

  /** And of the copies that clients read. */
  private static final Map<String, Integer> COPIES_READ =
      Map.of("from kind=replica", 300, "from kind=read-database", 100);

  private static final Map<String, Integer> STORE_READ = Map.of("from kind=search", 300);

  private final PrintStream out;
  private final long seed;
  private final Options options;

  /**
   * How much to check.
   *
   * @param atLeast rounds go on for at least this long
   * @param operations and for at least so many operations
   * @param fault how long each fault lasts
   */
  public record Length(Duration atLeast, long operations, Duration fault) {

    /** One round. */
    public static final Length SHORT = new Length(Duration.ZERO, 0, Duration.ofSeconds(2));

    /** As long as it takes for rare things to happen. */
    public static final Length LONG =
        new Length(Duration.ofMinutes(30), 100_000, Duration.ofSeconds(5));

    /** One round with faults of another length. */
    public static Length ofFault(Duration fault) {
      return new Length(Duration.ZERO, 0, fault);
    }
  }

  /**
   * How to check.
   *
   * @param ports the first of a hundred free ports
   * @param sessionLevel the level that clients ask for where session is checked
   * @param topology by which way changes get to copies
   * @param mutants by part, folders of classes that are found before the part's own
   */
  public record Options(
      Length length,
      int ports,
      String sessionLevel,
      Topology topology,
      Map<String, Path> mutants) {}

  /**
   * Prepares a check.
   *
   * @param seed of all that is random but the threads
   */
  public ConsistencyCheck(PrintStream out, long seed, Options options) {
    this.out = out;
    this.seed = seed;
    this.options = options;
  }

  /**
   * Runs rounds and prints what came of them.
   *
   * @return what was promised and did not happen, a line each
   */
  public List<String> run() throws Exception {
    out.printf("Seed %d%n", seed);
    Instant end = Instant.now().plus(options.length().atLeast());
    Ledger ledger = new Ledger();
    Random random = new Random(seed);
    List<Fault> promotions = new ArrayList<>(Fault.PROMOTIONS);
    Collections.shuffle(promotions, random);
    int round = 0;
    do {
      List<Fault> faults = new ArrayList<>(Fault.PASSING);
      faults.addAll(
          switch (options.topology()) {
            case SLOT -> List.<Fault>of();
            case LOG -> Fault.OF_LOG;
            case STORE -> Fault.OF_STORE;
          });
      Collections.shuffle(faults, random);
      faults.add(promotions.get(round % promotions.size()));
      round(faults, ledger, random);
      round++;
    } while ((Instant.now().isBefore(end) || ledger.operations() < options.length().operations())
        && ledger.violations().isEmpty());
    List<String> violations = report(ledger, round);
    requireExercised(ledger, round);
    return violations;
  }

  /** A system that refused everything would break no promise. */
  private void requireExercised(Ledger ledger, int rounds) {
    Map<String, Long> counts = ledger.counts();
    Map<String, Integer> wanted = new HashMap<>(EXERCISED);
    wanted.putAll(options.topology() == Topology.STORE ? STORE_READ : COPIES_READ);
    wanted.forEach(
        (what, least) -> {
          long count =
              counts.entrySet().stream()
                  .filter(entry -> entry.getKey().startsWith(what))
                  .mapToLong(Map.Entry::getValue)
                  .sum();
          if (count < (long) least * rounds) {
            throw new IllegalStateException(
                "Only %,d times in %d rounds: %s; %,d a round were to be seen"
                    .formatted(count, rounds, what, least));
          }
        });
  }

  /**
   * Runs one round of these faults.
   *
   * @return what was promised and did not happen, a line each
   */
  public List<String> run(Fault... faults) throws Exception {
    Ledger ledger = new Ledger();
    round(List.of(faults), ledger, new Random(seed));
    return report(ledger, 1);
  }

  /**
   * Runs a round in which anything may go wrong at any moment.
   *
   * @param lasting how long that goes on
   * @return what was promised and did not happen, a line each
   */
  public List<String> chaos(Duration lasting) throws Exception {
    out.printf("Seed %d%n", seed);
    Ledger ledger = new Ledger();
    Random random = new Random(seed);
    Fault chaos = Chaos.fault(lasting, random, out);
    round(List.of(chaos), ledger, random);
    return report(ledger, 1);
  }

  private void round(List<Fault> faults, Ledger ledger, Random random) throws Exception {
    WholeSystem.Wiring wiring =
        faults.stream().map(Fault::wiring).max(Comparator.naturalOrder()).orElseThrow();
    Path folder = Files.createTempDirectory("freshet-consistency-");
    List<Key> keys = new CopyOnWriteArrayList<>();
    try (WholeSystem system =
        new WholeSystem(
            folder,
            options.ports(),
            options.mutants(),
            wiring,
            options.topology(),
            Sample.RESTAURANT)) {
      List<Client> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(
            new Client(
                system.gateway(),
                keys,
                ledger,
                new Random(random.nextLong()),
                options.sessionLevel(),
                i == CLIENTS - 1 ? Course.READER : Course.WRITER));
      }
      clients.forEach(client -> client.knows(clients));
      List<Thread> threads =
          clients.stream().map(client -> Thread.ofPlatform().start(client)).toList();
      try {
        LockSupport.parkNanos(options.length().fault().toNanos());
        for (Fault fault : faults) {
          out.printf("%tT %s%n", Instant.now().atZone(ZoneOffset.UTC), fault.name());
          fault.course().run(new Fault.Stage(system, clients, ledger, options.length().fault()));
          LockSupport.parkNanos(options.length().fault().dividedBy(2).toNanos());
        }
      } finally {
        clients.forEach(Client::stop);
        for (Thread thread : threads) {
          thread.join();
        }
      }
      for (Client client : clients) {
        if (client.failure() != null) {
          throw new IllegalStateException("A client failed", client.failure());
        }
      }
      TimelineHistory history = system.history();
      for (Client client : clients) {
        client.finish(history);
      }
      requireAllThere(system, keys, ledger);
      new CopyChecks(system, ledger).requireEqual();
      ledger.settle(history);
    }
    delete(folder);
  }

  /** At the end the primary itself has all that was acknowledged and not lost. */
  private static void requireAllThere(WholeSystem system, List<Key> keys, Ledger ledger)
      throws Exception {
    TimelineHistory history = system.history();
    for (Key key : keys) {
      String stored =
          Servers.query(
              system.primary(),
              "select coalesce(string_agg(quantity::text, ','), '') from order_item where order_id = '%s'"
                  .formatted(key.id()));
      Set<Integer> there =
          Arrays.stream(stored.split(",", -1))
              .filter(value -> !value.isEmpty())
              .map(Integer::parseInt)
              .collect(Collectors.toSet());
      key.stored(there);
      for (Key.Acknowledged acknowledged : key.acknowledgedBefore(Long.MAX_VALUE)) {
        boolean isThere = there.contains(acknowledged.value());
        if (Ledger.isLost(acknowledged.at(), history)) {
          ledger.count(
              isThere
                  ? "lost by its position and there all the same"
                  : "acknowledged, and lost with the former primary");
        } else if (!isThere) {
          ledger.suspect(
              Ledger.Promise.NOTHING_ACKNOWLEDGED_IS_LOST,
              Optional.of(acknowledged.at()),
              "order %s lacks %s".formatted(key.id(), acknowledged));
        }
      }
    }
  }

  private List<String> report(Ledger ledger, int rounds) {
    out.printf("%n%,d operations in %d rounds%n%n", ledger.operations(), rounds);
    ledger.counts().forEach((what, count) -> out.printf("%,10d %s%n", count, what));
    List<String> violations =
        ledger.violations().entrySet().stream()
            .flatMap(
                entry -> entry.getValue().stream().map(detail -> entry.getKey() + ": " + detail))
            .toList();
    out.printf("%n%,d violations%n", violations.size());
    violations.stream().limit(20).forEach(out::println);
    return violations;
  }

  static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
        Files.deleteIfExists(file);
      }
    }
  }
}
