package dev.freshet.bench.sync;

import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.ProcessUse;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * From a commit to its row in a read model, at steady rates, and what one change costs beside
 * tables of different sizes.
 */
public final class SyncLatency {

  private static final double NANOS_PER_MILLI = 1e6;
  static final int WARM_UP_SECONDS = 10;
  private static final int WRITERS = 4;

  private static final String GROUPS =
      "/* key: status */ select o.status, count(*) as n, sum(o.customer_id) as s, max(o.id) as last from orders o group by o.status";

  private static final String COPIES =
      "/* key: id */ select o.id, o.status, o.placed_at, o.note, c.name from orders o join customer c on c.id = o.customer_id";

  private static final int SYNC_PORT = 12_290;

  private final PrintStream out;
  private final int seconds;

  /**
   * Prepares the runs.
   *
   * @param seconds that each rate is kept for
   */
  public SyncLatency(PrintStream out, int seconds) {
    this.out = out;
    this.seconds = seconds;
  }

  private record Committed(int id, long nanos) {}

  /** Runs all, one after the other, and prints their tables. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-");
    try (BenchDatabases databases = new BenchDatabases(folder.resolve("data"))) {
      out.println("| transactions/s | p50 | p90 | p99 | max |");
      out.println("| --- | --- | --- | --- | --- |");
      for (int rate : List.of(50, 200, 1_000)) {
        Run run = start(databases, folder, "rate" + rate, 1_000);
        try {
          measure(databases, run, rate, WARM_UP_SECONDS);
          Histogram delay = measure(databases, run, rate, seconds);
          out.printf("| %,d | %s |%n", rate, figures(delay));
        } finally {
          run.process.destroyForcibly().waitFor();
        }
      }
      out.println();
      out.println(
          "| orders in the tables, all in one group | p50 | p90 | p99 | max | CPU ms a transaction, sync and read database |");
      out.println("| --- | --- | --- | --- | --- | --- |");
      for (int orders : List.of(10_000, 100_000, 1_000_000)) {
        Run run = start(databases, folder, "size" + orders, orders);
        try {
          measure(databases, run, 100, WARM_UP_SECONDS);
          double before = cpu(databases, run);
          Histogram delay = measure(databases, run, 100, seconds);
          out.printf(
              "| %,d | %s | %.2f |%n",
              orders, figures(delay), (cpu(databases, run) - before) / 1_000 / (100.0 * seconds));
        } finally {
          run.process.destroyForcibly().waitFor();
        }
      }
      rebuild(databases, folder);
    }
  }

  /** What the rebuild of one model does to the delay of another. */
  private void rebuild(BenchDatabases databases, Path folder) throws Exception {
    int orders = 1_000_000;
    Files.writeString(
        Files.createDirectories(folder.resolve("rebuilt")).resolve("copies.sql"), COPIES);
    Run run = start(databases, folder, "rebuilt", orders);
    try {
      measure(databases, run, 100, WARM_UP_SECONDS);
      Histogram alone = measure(databases, run, 100, seconds);
      String builtAt =
          databases.ask(
              databases.target(), "select built_at from freshet.model where name = 'copies'");
      long started = System.nanoTime();
      post("/api/models/copies/rebuild");
      Histogram meanwhile = measure(databases, run, 100, seconds);
      databases.await(
          databases.target(),
          "select built_at > '%s' from freshet.model where name = 'copies'".formatted(builtAt));
      out.println();
      out.println(
          "| delay of one model at 100 transactions/s, while another is | p50 | p90 | p99 | max |");
      out.println("| --- | --- | --- | --- | --- |");
      out.printf("| left alone | %s |%n", figures(alone));
      out.printf("| rebuilt, of %,d rows | %s |%n", orders, figures(meanwhile));
      out.printf(
          "%nThe rebuild was done %.1f s after it was asked for, at the latest.%n",
          (System.nanoTime() - started) / 1e9);
    } finally {
      run.process.destroyForcibly().waitFor();
    }
  }

  private static void post(String path) throws Exception {
    HttpResponse<String> answer =
        new HttpCalls(Duration.ofSeconds(30))
            .send("POST", "http://127.0.0.1:%d%s".formatted(SYNC_PORT, path), "");
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(path + " answered " + answer.body());
    }
  }

  private static double cpu(BenchDatabases databases, Run run) {
    return ProcessUse.cpuMicros(run.process.toHandle()) + databases.cpuMicros(databases.target());
  }

  static String figures(Histogram delay) {
    return "%.1f ms | %.1f ms | %.1f ms | %.1f ms"
        .formatted(
            delay.getValueAtPercentile(50) / NANOS_PER_MILLI,
            delay.getValueAtPercentile(90) / NANOS_PER_MILLI,
            delay.getValueAtPercentile(99) / NANOS_PER_MILLI,
            delay.getMaxValue() / NANOS_PER_MILLI);
  }

  /** A sync that runs, and the number of the next order. */
  static final class Run {
    final Process process;
    private int next;

    Run(Process process, int next) {
      this.process = process;
      this.next = next;
    }
  }

  private static Run start(BenchDatabases databases, Path folder, String name, int orders)
      throws Exception {
    prepare(databases, folder, name, orders);
    return follow(
        databases,
        folder,
        name,
        orders,
        List.of("freshet.sync.primary=" + databases.url(databases.primary())));
  }

  /** Makes databases of this name, the tables with these orders, and the models' files. */
  static void prepare(BenchDatabases databases, Path folder, String name, int orders)
      throws Exception {
    databases.use(name);
    databases.run(databases.primary(), SyncThroughput.SCHEMA);
    databases.run(
        databases.primary(),
        """
        insert into customer select g, 'customer ' || g from generate_series(1, 1000) g;
        insert into orders select g, 1 + g %% 1000, 'ready', now(), 'note' from generate_series(1, %1$d) g;
        insert into item select g, l, 'sku', 1, 1.25 from generate_series(1, %1$d) g, generate_series(1, 3) l;
        analyze;
        """
            .formatted(orders));
    Path files = Files.createDirectories(folder.resolve(name));
    Files.writeString(files.resolve("orders.sql"), SyncThroughput.ORDERS_JSON);
    Files.writeString(files.resolve("groups.sql"), GROUPS);
  }

  /**
   * Starts a sync and returns once its models are live.
   *
   * @param source settings that name what it follows
   */
  static Run follow(
      BenchDatabases databases, Path folder, String name, int orders, List<String> source)
      throws Exception {
    Path files = folder.resolve(name);
    List<String> settings = new ArrayList<>(source);
    settings.addAll(
        List.of(
            "server.address=127.0.0.1",
            "server.port=" + SYNC_PORT,
            "freshet.sync.read-database=" + databases.url(databases.target()),
            "freshet.sync.models=" + files,
            "freshet.sync.id=" + name));
    Process process =
        SyncThroughput.child(FreshetPeer.class, settings, folder.resolve(name + ".log"));
    databases.await(databases.target(), "select to_regclass('freshet.model') is not null");
    long models;
    try (Stream<Path> declared = Files.list(files)) {
      models = declared.count();
    }
    databases.await(
        databases.target(),
        "select count(*) filter (where state = 'live') = %d from freshet.model".formatted(models));
    return new Run(process, orders + 1);
  }

  static Histogram measure(BenchDatabases databases, Run run, int rate, int seconds)
      throws Exception {
    Histogram delay = new Histogram(Duration.ofMinutes(10).toNanos(), 3);
    BlockingQueue<Committed> committed = new LinkedBlockingQueue<>();
    int transactions = rate * seconds / WRITERS * WRITERS;
    Thread watcher = new Thread(() -> watch(databases, committed, transactions, delay), "watcher");
    watcher.start();
    List<Thread> writers = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      int writer = w;
      int first = run.next;
      writers.add(
          Thread.ofPlatform()
              .start(
                  () -> write(databases, first, writer, transactions / WRITERS, rate, committed)));
    }
    run.next += transactions;
    for (Thread writer : writers) {
      writer.join();
    }
    watcher.join();
    return delay;
  }

  /** One of several writers, which take turns; each commit is flushed, as is the default. */
  private static void write(
      BenchDatabases databases,
      int first,
      int writer,
      int transactions,
      int rate,
      BlockingQueue<Committed> committed) {
    try (Connection connection = databases.connect(databases.primary());
        PreparedStatement order =
            connection.prepareStatement(
                "insert into orders values (?, 1, 'ready', now(), 'note')");
        PreparedStatement items =
            connection.prepareStatement(
                "insert into item select ?, l, 'sku', 1, 1.25 from generate_series(1, 3) l")) {
      connection.setAutoCommit(false);
      long period = TimeUnit.SECONDS.toNanos(1) * WRITERS / rate;
      long next = System.nanoTime() + period * writer / WRITERS;
      for (int i = 0; i < transactions; i++) {
        LockSupport.parkNanos(next - System.nanoTime());
        next += period;
        int id = first + i * WRITERS + writer;
        order.setInt(1, id);
        order.executeUpdate();
        items.setInt(1, id);
        items.executeUpdate();
        connection.commit();
        committed.add(new Committed(id, System.nanoTime()));
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void watch(
      BenchDatabases databases,
      BlockingQueue<Committed> committed,
      int transactions,
      Histogram delay) {
    try (Connection connection = databases.connect(databases.target());
        PreparedStatement look =
            connection.prepareStatement("select 1 from read.orders where id = ?")) {
      for (int i = 0; i < transactions; i++) {
        Committed next = committed.take();
        look.setInt(1, next.id());
        while (!isThere(look)) {
          LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(500));
        }
        delay.recordValue(Math.max(0, System.nanoTime() - next.nanos()));
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isThere(PreparedStatement look) throws Exception {
    try (ResultSet row = look.executeQuery()) {
      return row.next();
    }
  }
}
