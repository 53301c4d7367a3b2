package dev.freshet.bench.sync;

import dev.freshet.bench.process.ProcessUse;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Catching up with a backlog: changes a second, and where the CPU goes.
 *
 * <p>The backlog is written before anybody follows. Its first part warms up; what is measured is
 * from marker 1 to marker 2 in it.
 */
public final class SyncThroughput {

  static final int CHANGES_A_TRANSACTION = 10;
  static final int CUSTOMERS = 1_000;

  static final String SCHEMA =
      """
      create table customer (id int primary key, name text);
      create table orders (id int primary key, customer_id int, status text, placed_at timestamptz, note text);
      create table item (order_id int, line int, sku text, quantity int, price numeric(10, 2), primary key (order_id, line));
      create table marker (id int primary key);
      """;

  /** One transaction: an order, eight items of it, and its next status. */
  static final String BACKLOG =
      """
      do $$ begin
        for i in %d .. %d loop
          insert into orders values (i, 1 + i %% %d, 'placed', now(), 'note of order ' || i);
          insert into item select i, l, 'sku-' || (i + l) %% 100, 1 + l %% 3, l * 1.25 from generate_series(1, 8) l;
          update orders set status = 'ready' where id = i;
          commit;
        end loop;
        insert into marker values (%d);
      end $$
      """;

  static final String MARKER = "/* key: id */ select m.id from marker m";

  static final String ORDERS_JSON =
      """
      /*
      key: id
      */
      select o.id, o.status, c.name as customer, sum(i.quantity * i.price) as total,
        jsonb_agg(jsonb_build_object('line', i.line, 'sku', i.sku, 'quantity', i.quantity) order by i.line) as items
      from orders o join customer c on c.id = o.customer_id left join item i on i.order_id = o.id
      group by o.id, c.name
      """;

  private static final String TELLING = "Freshet, the same, with a listener of each row";

  /** Where changes go, and how they get there. */
  private static final Map<String, Map<String, String>> FRESHET = new LinkedHashMap<>();

  static {
    Map<String, String> mirror =
        Map.of(
            "orders", "/* key: id */ select o.id from orders o where false",
            "item",
                "/* key: [order_id, line] */ select i.order_id, i.line from item i where false");
    FRESHET.put("Freshet, mirror alone", mirror);
    FRESHET.put("Freshet, one joined JSON model", Map.of("orders", ORDERS_JSON));
    FRESHET.put(TELLING, Map.of("orders", ORDERS_JSON));
    FRESHET.put(
        "Freshet, four models",
        Map.of(
            "orders", ORDERS_JSON,
            "status",
                "/* key: status */ select o.status, count(*) as n from orders o group by o.status",
            "sold",
                "/* key: sku */ select i.sku, sum(i.quantity) as n, sum(i.quantity * i.price) as revenue from item i group by i.sku",
            "spent",
                "/* key: id */ select c.id, c.name, coalesce(sum(i.quantity * i.price), 0) as spent from customer c left join orders o on o.customer_id = c.id left join item i on i.order_id = o.id group by c.id"));
  }

  private final PrintStream out;
  private final int changes;
  private final List<String> rows = new ArrayList<>();
  private double counted;

  /**
   * Prepares the runs.
   *
   * @param changes how many are measured; a third as many warm up
   */
  public SyncThroughput(PrintStream out, int changes) {
    this.out = out;
    this.changes = changes;
  }

  /** Runs all, one after the other, and prints their table. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-");
    try (BenchDatabases databases = new BenchDatabases(folder.resolve("data"))) {
      replication(databases);
      peer(databases, "Debezium, only counting", false, folder);
      peer(databases, "Debezium's JDBC sink, as it comes", true, folder);
      peer(databases, "Debezium's JDBC sink, tuned", true, folder);
      for (Map.Entry<String, Map<String, String>> run : FRESHET.entrySet()) {
        freshet(databases, run.getKey(), run.getValue(), folder);
      }
    }
    out.printf(
        "A backlog of %,d changes to 3 tables, %d a transaction, after %,d to warm up; %d cores:%n%n",
        changes, CHANGES_A_TRANSACTION, changes / 3, Runtime.getRuntime().availableProcessors());
    out.println(
        "| | changes/s | CPU s per million | of these JVM | read database | source | times Debezium counting |");
    out.println("| --- | --- | --- | --- | --- | --- | --- |");
    rows.forEach(out::println);
  }

  private void backlog(BenchDatabases databases) throws Exception {
    int transactions = changes / CHANGES_A_TRANSACTION;
    int warmUp = transactions / 3;
    databases.run(databases.primary(), BACKLOG.formatted(1, warmUp, CUSTOMERS, 1));
    databases.run(
        databases.primary(), BACKLOG.formatted(warmUp + 1, warmUp + transactions, CUSTOMERS, 2));
  }

  private void prepare(BenchDatabases databases, String name) throws Exception {
    databases.use(name);
    databases.run(databases.primary(), SCHEMA);
    databases.run(
        databases.primary(),
        "insert into customer select g, 'customer ' || g from generate_series(1, %d) g"
            .formatted(CUSTOMERS));
    databases.run(
        databases.primary(),
        "create publication peer_%s for table customer, orders, item, marker".formatted(name));
  }

  private void slot(BenchDatabases databases, String name) throws Exception {
    databases.ask(
        databases.primary(),
        "select pg_create_logical_replication_slot('peer_%s', 'pgoutput')".formatted(name));
  }

  private void replication(BenchDatabases databases) throws Exception {
    prepare(databases, "replication");
    databases.run(databases.target(), SCHEMA);
    slot(databases, "replication");
    backlog(databases);
    databases.run(
        databases.target(),
        "create subscription peer connection '%s' publication peer_replication with (create_slot = false, slot_name = peer_replication, copy_data = false)"
            .formatted(databases.url(databases.primary())));
    measure(
        databases,
        "PostgreSQL's logical replication",
        null,
        () -> awaitMarker(databases, 1),
        () -> awaitMarker(databases, 2));
    databases.run(databases.target(), "drop subscription peer");
  }

  /** A figure of changes that did not arrive would be worth nothing. */
  static void requireEqual(BenchDatabases databases) throws Exception {
    String rows =
        "select (select count(*) from item) || ' ' || (select count(*) filter (where status = 'ready') from orders)";
    String source = databases.ask(databases.primary(), rows);
    String target = databases.ask(databases.target(), rows);
    if (!source.equals(target)) {
      throw new IllegalStateException("The source has %s, the target %s".formatted(source, target));
    }
  }

  static void awaitMarker(BenchDatabases databases, int marker) throws Exception {
    databases.await(
        databases.target(), "select exists (select from marker where id = %d)".formatted(marker));
  }

  private void peer(BenchDatabases databases, String name, boolean sink, Path folder)
      throws Exception {
    boolean tuned = name.endsWith("tuned");
    String database = tuned ? "tuned" : sink ? "sink" : "counting";
    prepare(databases, database);
    databases.run(databases.target(), SCHEMA);
    slot(databases, database);
    backlog(databases);
    var url = databases.primary().url();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "127.0.0.1",
                Integer.toString(databases.primary().port()),
                database,
                url.user(),
                String.valueOf(url.password()),
                "peer_" + database));
    if (sink) {
      arguments.add(
          "jdbc:postgresql://127.0.0.1:%d/%s".formatted(databases.target().port(), database));
      arguments.add(Boolean.toString(tuned));
    }
    Path log = folder.resolve(database + ".log");
    Process process = child(Peer.class, arguments, log);
    try {
      measure(
          databases,
          name,
          process,
          () -> awaitLine(process, log, "marker 1"),
          () -> awaitLine(process, log, "marker 2"));
      if (sink) {
        requireEqual(databases);
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private void freshet(
      BenchDatabases databases, String name, Map<String, String> models, Path folder)
      throws Exception {
    String database =
        "freshet"
            + models.size()
            + (name.contains("alone") ? "m" : "")
            + (name.equals(TELLING) ? "t" : "");
    prepare(databases, database);
    Path files = Files.createDirectories(folder.resolve(database));
    Files.writeString(files.resolve("marker.sql"), MARKER);
    for (Map.Entry<String, String> model : models.entrySet()) {
      Files.writeString(files.resolve(model.getKey() + ".sql"), model.getValue());
    }
    List<String> settings =
        new ArrayList<>(
            List.of(
                "server.port=0",
                "server.address=127.0.0.1",
                "freshet.sync.primary=" + databases.url(databases.primary()),
                "freshet.sync.read-database=" + databases.url(databases.target()),
                "freshet.sync.models=" + files,
                "freshet.sync.id=" + database));
    if (name.equals(TELLING)) {
      settings.add(FreshetPeer.TOLD);
    }
    // The first run copies and builds; the second finds the backlog.
    Process first = child(FreshetPeer.class, settings, folder.resolve(database + ".log"));
    databases.await(databases.target(), "select to_regclass('freshet.model') is not null");
    databases.await(
        databases.target(),
        "select count(*) filter (where state = 'live') = %d from freshet.model"
            .formatted(models.size() + 1));
    first.destroy();
    first.waitFor();
    backlog(databases);
    Process process = child(FreshetPeer.class, settings, folder.resolve(database + ".log"));
    try {
      measure(
          databases,
          name,
          process,
          () -> awaitMarker(databases, 1),
          () -> awaitMarker(databases, 2));
      requireEqual(databases);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  static Process child(Class<?> main, List<String> arguments, Path log) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-Dlogback.configurationFile=quiet.xml",
                "-Dlogging.level.root=WARN",
                "-cp",
                System.getProperty("java.class.path").replace(File.pathSeparator + ".", ""),
                main.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  private static void awaitLine(Process process, Path log, String line) throws Exception {
    while (!Files.readString(log).contains(line)) {
      if (!process.isAlive()) {
        throw new IllegalStateException("It ended: " + Files.readString(log));
      }
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private interface Event {
    void await() throws Exception;
  }

  private void measure(
      BenchDatabases databases,
      String name,
      @org.jspecify.annotations.Nullable Process jvm,
      Event warm,
      Event done)
      throws Exception {
    warm.await();
    long started = System.nanoTime();
    double[] before = cpu(databases, jvm);
    done.await();
    double seconds = (System.nanoTime() - started) / 1e9;
    double[] after = cpu(databases, jvm);
    double perMillion = 1e6 / changes / 1e6;
    double process = (after[0] - before[0]) * perMillion;
    double target = (after[1] - before[1]) * perMillion;
    double source = (after[2] - before[2]) * perMillion;
    double all = process + target + source;
    if (name.endsWith("counting")) {
      counted = all;
    }
    String row =
        String.format(
            Locale.ROOT,
            "| %s | %,.0f | %.1f | %.1f | %.1f | %.1f | %s |",
            name,
            changes / seconds,
            all,
            process,
            target,
            source,
            counted == 0 ? "" : String.format(Locale.ROOT, "%.2f", all / counted));
    System.err.println(row);
    rows.add(row);
  }

  private static double[] cpu(
      BenchDatabases databases, @org.jspecify.annotations.Nullable Process jvm) {
    return new double[] {
      jvm == null ? 0 : ProcessUse.cpuMicros(jvm.toHandle()),
      databases.cpuMicros(databases.target()),
      databases.cpuMicros(databases.primary())
    };
  }
}
