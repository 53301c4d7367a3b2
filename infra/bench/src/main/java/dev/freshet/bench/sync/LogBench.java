package dev.freshet.bench.sync;

import dev.freshet.bench.process.ProcessUse;
import dev.freshet.broker.BrokerNode;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What a log on a broker costs beside a slot for each read database: delay, rate, what each part
 * uses, what one more copy costs the primary, and how long a new copy takes.
 */
public final class LogBench {

  private static final int RATE = 200;
  private static final int COPIES = 3;
  private static final int FEW_ORDERS = 1_000;
  private static final int BROKER_PORT = 12_310;

  private final PrintStream out;
  private final int changes;
  private final int seconds;
  private final int orders;

  /**
   * Prepares the runs.
   *
   * @param changes of the backlog
   * @param seconds that the steady rate is kept for
   * @param orders that a new copy is made of
   */
  public LogBench(PrintStream out, int changes, int seconds, int orders) {
    this.out = out;
    this.changes = changes;
    this.seconds = seconds;
    this.orders = orders;
  }

  /** What keeps a read database in step. */
  private enum Way {
    SLOT("a slot"),
    LOG("the log");

    private final String text;

    Way(String text) {
      this.text = text;
    }
  }

  /** Runs all, one after the other, and prints their tables. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-");
    try (BenchDatabases databases = new BenchDatabases(folder.resolve("data"))) {
      BrokerNode broker = BrokerNode.start(folder.resolve("broker"), BROKER_PORT);
      try {
        delays(databases, broker, folder);
        out.println();
        backlogs(databases, broker, folder);
        out.println();
        copies(databases, broker, folder);
        out.println();
        seeds(databases, broker, folder);
      } finally {
        broker.close();
      }
    }
  }

  private static Process publisher(
      BenchDatabases databases, BrokerNode broker, Path folder, String log) throws Exception {
    return SyncThroughput.child(
        FreshetPeer.class,
        List.of(
            "server.address=127.0.0.1",
            "server.port=0",
            "freshet.publish.primary=" + databases.url(databases.primary()),
            "freshet.publish.broker=" + broker.bootstrap(),
            "freshet.publish.name=" + log),
        folder.resolve(log + "-publisher.log"));
  }

  private static List<String> source(
      Way way, BenchDatabases databases, BrokerNode broker, String log, String seed) {
    return way == Way.SLOT
        ? List.of("freshet.sync.primary=" + databases.url(databases.primary()))
        : List.of(
            "freshet.sync.log=kafka://%s/%s".formatted(broker.bootstrap(), log),
            "freshet.sync.seed[0]=" + seed);
  }

  private void delays(BenchDatabases databases, BrokerNode broker, Path folder) throws Exception {
    out.printf("From a commit to its row in a read model, at %d transactions a second:%n%n", RATE);
    out.println("| by | p50 | p90 | p99 | max |");
    out.println("| --- | --- | --- | --- | --- |");
    for (Way way : Way.values()) {
      String name = "delay_" + way.name().toLowerCase(Locale.ROOT);
      SyncLatency.prepare(databases, folder, name, FEW_ORDERS);
      Process publisher = way == Way.LOG ? publisher(databases, broker, folder, name) : null;
      SyncLatency.Run run =
          SyncLatency.follow(
              databases,
              folder,
              name,
              FEW_ORDERS,
              source(way, databases, broker, name, databases.url(databases.primary())));
      try {
        SyncLatency.measure(databases, run, RATE, SyncLatency.WARM_UP_SECONDS);
        Histogram delay = SyncLatency.measure(databases, run, RATE, seconds);
        out.printf("| %s | %s |%n", way.text, SyncLatency.figures(delay));
      } finally {
        kill(run.process);
        kill(publisher);
      }
    }
  }

  private static void kill(@org.jspecify.annotations.Nullable Process process)
      throws InterruptedException {
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  /** The backlog is there before anybody follows; what is measured is from marker 1 to 2 in it. */
  private void backlogs(BenchDatabases databases, BrokerNode broker, Path folder) throws Exception {
    out.printf(
        "A backlog of %,d changes, %d a transaction, after a third as many to warm up, into one joined JSON model. CPU s per million changes:%n%n",
        changes, SyncThroughput.CHANGES_A_TRANSACTION);
    out.println("| by | changes/s | sync | publisher | broker | read database | primary |");
    out.println("| --- | --- | --- | --- | --- | --- | --- |");
    for (Way way : Way.values()) {
      String name = "backlog_" + way.name().toLowerCase(Locale.ROOT);
      SyncLatency.prepare(databases, folder, name, 0);
      Path files = folder.resolve(name);
      Files.delete(files.resolve("groups.sql"));
      Files.writeString(files.resolve("marker.sql"), SyncThroughput.MARKER);
      List<String> source =
          source(way, databases, broker, name, databases.url(databases.primary()));
      Process publisher = way == Way.LOG ? publisher(databases, broker, folder, name) : null;
      // The first run makes slot, log and models; the second finds the backlog.
      kill(SyncLatency.follow(databases, folder, name, 0, source).process);
      kill(publisher);
      int transactions = changes / SyncThroughput.CHANGES_A_TRANSACTION;
      int warmUp = transactions / 3;
      databases.run(
          databases.primary(),
          SyncThroughput.BACKLOG.formatted(1, warmUp, SyncThroughput.CUSTOMERS, 1));
      databases.run(
          databases.primary(),
          SyncThroughput.BACKLOG.formatted(
              warmUp + 1, warmUp + transactions, SyncThroughput.CUSTOMERS, 2));
      publisher = way == Way.LOG ? publisher(databases, broker, folder, name) : null;
      SyncLatency.Run run = SyncLatency.follow(databases, folder, name, 0, source);
      try {
        SyncThroughput.awaitMarker(databases, 1);
        long started = System.nanoTime();
        double[] before = cpu(databases, broker, run.process, publisher);
        SyncThroughput.awaitMarker(databases, 2);
        double took = (System.nanoTime() - started) / 1e9;
        double[] after = cpu(databases, broker, run.process, publisher);
        StringBuilder row = new StringBuilder("| %s | %,.0f |".formatted(way.text, changes / took));
        for (int i = 0; i < after.length; i++) {
          row.append(" %.1f |".formatted((after[i] - before[i]) / changes));
        }
        out.println(row);
        SyncThroughput.requireEqual(databases);
      } finally {
        kill(run.process);
        kill(publisher);
      }
    }
  }

  /** Microseconds of: sync, publisher, broker, read database, primary. */
  private static double[] cpu(
      BenchDatabases databases,
      BrokerNode broker,
      Process sync,
      @org.jspecify.annotations.Nullable Process publisher) {
    return new double[] {
      ProcessUse.cpuMicros(sync.toHandle()),
      publisher == null ? 0 : ProcessUse.cpuMicros(publisher.toHandle()),
      ProcessUse.cpuMicros(broker.process()),
      databases.cpuMicros(databases.target()),
      databases.cpuMicros(databases.primary())
    };
  }

  /** What the primary does for one copy, two and three, at a steady rate. */
  private void copies(BenchDatabases databases, BrokerNode broker, Path folder) throws Exception {
    out.printf(
        "CPU of the primary for a transaction, at %d a second, with so many read databases:%n%n",
        RATE);
    out.println("| by | 1 | 2 | 3 |");
    out.println("| --- | --- | --- | --- |");
    for (Way way : Way.values()) {
      String name = "copies_" + way.name().toLowerCase(Locale.ROOT);
      SyncLatency.prepare(databases, folder, name, FEW_ORDERS);
      Process publisher = way == Way.LOG ? publisher(databases, broker, folder, name) : null;
      List<Process> more = new ArrayList<>();
      String primary = databases.url(databases.primary());
      SyncLatency.Run run =
          SyncLatency.follow(
              databases, folder, name, FEW_ORDERS, source(way, databases, broker, name, primary));
      try {
        StringBuilder row = new StringBuilder("| " + way.text + " |");
        for (int copies = 1; copies <= COPIES; copies++) {
          if (copies > 1) {
            more.add(
                oneMore(
                    databases,
                    folder,
                    name,
                    copies,
                    source(way, databases, broker, name, databases.url(databases.target()))));
          }
          SyncLatency.measure(databases, run, RATE, SyncLatency.WARM_UP_SECONDS);
          double before = databases.cpuMicros(databases.primary());
          SyncLatency.measure(databases, run, RATE, seconds);
          row.append(
              " %.0f us |"
                  .formatted((databases.cpuMicros(databases.primary()) - before) / RATE / seconds));
        }
        out.println(row);
      } finally {
        for (Process process : more) {
          kill(process);
        }
        kill(run.process);
        kill(publisher);
      }
    }
  }

  /** Another copy, in a database of its own beside the first; returns once it is made. */
  private static Process oneMore(
      BenchDatabases databases, Path folder, String name, int number, List<String> source)
      throws Exception {
    String copy = "%s_%d".formatted(name, number);
    databases.run(databases.target(), "create database " + copy);
    List<String> settings = new ArrayList<>(source);
    String url = databases.url(databases.target());
    settings.addAll(
        List.of(
            "server.address=127.0.0.1",
            "server.port=0",
            "freshet.sync.read-database=" + url.substring(0, url.lastIndexOf('/') + 1) + copy,
            "freshet.sync.models=" + folder.resolve(name),
            "freshet.sync.id=" + copy));
    Process process =
        SyncThroughput.child(FreshetPeer.class, settings, folder.resolve(copy + ".log"));
    databases.awaitIn(databases.target(), copy, "select to_regclass('freshet.model') is not null");
    databases.awaitIn(
        databases.target(),
        copy,
        "select count(*) filter (where state = 'live') = 2 from freshet.model");
    return process;
  }

  private void seeds(BenchDatabases databases, BrokerNode broker, Path folder) throws Exception {
    String name = "seeds";
    SyncLatency.prepare(databases, folder, name, orders);
    Process publisher = publisher(databases, broker, folder, name);
    String primary = databases.url(databases.primary());
    SyncLatency.Run run =
        SyncLatency.follow(
            databases, folder, name, orders, source(Way.LOG, databases, broker, name, primary));
    try {
      out.printf(
          "A new copy of %,d orders with three items each, its two models built:%n%n", orders);
      out.println("| its rows come from | until it serves | CPU of the primary meanwhile |");
      out.println("| --- | --- | --- |");
      int number = 2;
      for (String from : List.of("another copy", "the primary")) {
        String seed = from.equals("the primary") ? primary : databases.url(databases.target());
        double before = databases.cpuMicros(databases.primary());
        long started = System.nanoTime();
        Process more =
            oneMore(
                databases, folder, name, number++, source(Way.LOG, databases, broker, name, seed));
        out.printf(
            "| %s | %.1f s | %.1f s |%n",
            from,
            (System.nanoTime() - started) / 1e9,
            (databases.cpuMicros(databases.primary()) - before) / 1e6);
        kill(more);
      }
    } finally {
      kill(run.process);
      kill(publisher);
    }
  }
}
