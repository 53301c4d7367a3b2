package dev.freshet.bench;

import dev.freshet.bench.figures.Figures;
import dev.freshet.bench.gateway.Load;
import dev.freshet.bench.process.JavaCommand;
import dev.freshet.bench.process.Pgbench;
import dev.freshet.bench.process.ProcessUse;
import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * One row by its key, a page of a customer's orders, and the customer's orders summed up by status:
 * from the view on the primary, the view on a replica, the table in the read database, through the
 * gateway, and from a controller with Spring Data JPA on the normalised tables. pgbench runs the
 * statement that the read-backend runs in the read database, which is the limit.
 */
final class QueryBench {

  private static final int PORT_BASE = 12_500;
  private static final int CONVENTIONAL_PORT = 12_990;
  private static final int CONNECTIONS = 8;
  private static final int RUNS = 3;

  /** Times the requests of a run. */
  private static final int WARM_UP = 3;

  private static final int ORDERS_OF_A_CUSTOMER = 100;
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  private final PrintStream out;
  private final int orders;
  private final HttpClient client = HttpClient.newHttpClient();

  /**
   * Prepares it.
   *
   * @param orders how many there are
   */
  QueryBench(PrintStream out, int orders) {
    this.out = out;
    this.orders = orders;
  }

  /** What is asked: a path of Freshet's, one of the controller's, and how often. */
  private record Question(
      String name, String path, String conventionalPath, String value, int requests) {}

  /** Who is asked: a port, the JVMs that work for it, and the server that they ask. */
  private record Asked(
      String name, int port, List<ProcessHandle> jvms, ProcessHandle server, boolean isFreshet) {}

  /** What it took, in microseconds of CPU and of time. */
  private static final class Taken {
    private final double[] jvm = new double[RUNS];
    private final double[] server = new double[RUNS];
    private final Histogram latencies = new Histogram(3);

    double both() {
      return Figures.median(jvm) + Figures.median(server);
    }
  }

  /** Runs it, and prints what came of it. */
  void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-");
    try (UpProcess up =
        UpProcess.start(
            folder.resolve("data"),
            PORT_BASE,
            "--config",
            config(folder).toString(),
            "--processes",
            "--replicas",
            "1")) {
      up.awaitReady(PATIENCE);
      up.analyze();
      Process conventional = conventional(up);
      try {
        awaitAnswer(CONVENTIONAL_PORT, "/totals?customer=none");
        ask(up, conventional.toHandle());
      } finally {
        conventional.destroy();
      }
    }
  }

  private Path config(Path folder) throws IOException {
    Path config = folder.resolve("config");
    Files.createDirectories(config.resolve("schema"));
    Files.createDirectories(config.resolve("models"));
    Files.writeString(
        config.resolve("schema/V001__orders.sql"),
        """
        create table menu_item (sku text primary key, name text not null);
        create table orders (id uuid primary key, kind text not null, table_no int, customer text, status text not null,
          version int not null, placed_at timestamptz not null, updated_at timestamptz not null);
        create table order_item (order_id uuid references orders, line int, sku text references menu_item,
          quantity int not null, unit_price numeric(10,2) not null, primary key (order_id, line));
        insert into menu_item select 'dish-' || i, 'Dish number ' || i from generate_series(1, 50) i;
        insert into orders select md5(i::text)::uuid, 'takeaway', null, 'customer-' || i %% %2$d,
          (array['placed', 'preparing', 'ready', 'served'])[1 + i / %2$d %% 4], 1,
          '2026-11-01T00:00:00Z'::timestamptz + make_interval(secs => i), now()
          from generate_series(1, %1$d) i;
        insert into order_item select md5(i::text)::uuid, line, 'dish-' || 1 + (i + line) %% 50, line, 9.50
          from generate_series(1, %1$d) i, generate_series(1, 2) line;
        create index on orders (customer, placed_at desc);
        analyze;
        """
            .formatted(orders, orders / ORDERS_OF_A_CUSTOMER));
    Files.writeString(
        config.resolve("models/orders.sql"),
        Files.readString(ProjectHome.path().resolve("infra/restaurant/models/orders.sql"))
            .replace("key: id\n", "key: id\naggregates: true\n")
            .replace("indexes: [", "indexes: [\"customer, placed_at desc\", "));
    return config;
  }

  private static Process conventional(UpProcess up) throws IOException {
    Path jar = ProjectHome.path().resolve("infra/conventional/target/conventional.jar");
    return new ProcessBuilder(
            JavaCommand.of(
                jar.toString(),
                List.of("-XX:+UseParallelGC", "-Xmx256m"),
                List.of(
                    "dev.freshet.conventional.ConventionalBackend",
                    Integer.toString(CONVENTIONAL_PORT),
                    "jdbc:postgresql://127.0.0.1:%d/freshet".formatted(up.primaryPort()),
                    "postgres",
                    up.password())))
        .redirectErrorStream(true)
        .redirectOutput(Files.createTempFile("freshet-conventional-", ".out").toFile())
        .start();
  }

  private void awaitAnswer(int port, String path) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (System.nanoTime() < end) {
      try {
        if (get(port, path).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // Not yet.
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    throw new IllegalStateException("Nobody answers at port " + port);
  }

  private HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(port, path))).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void ask(UpProcess up, ProcessHandle conventional) throws Exception {
    String id = firstId(up);
    List<Question> questions =
        List.of(
            new Question("one row by key", "/orders/" + id, "/orders/" + id, id, 8_000),
            new Question(
                "a page of 50",
                "/orders?customer=eq.customer-7&order=placed_at.desc&limit=50",
                "/orders?customer=customer-7&limit=50",
                "customer-7",
                2_000),
            new Question(
                "100 orders summed up",
                "/orders?select=status,n:count(),total.sum()&customer=eq.customer-7",
                "/totals?customer=customer-7",
                "customer-7",
                2_000));
    ProcessHandle reader = up.part("read-1");
    List<Asked> all =
        List.of(
            new Asked(
                "view on the primary",
                PORT_BASE + 122,
                List.of(up.part("primary-reads")),
                up.server("primary"),
                true),
            new Asked(
                "view on a replica",
                PORT_BASE + 121,
                List.of(up.part("replica-1")),
                up.server("replica-1"),
                true),
            new Asked(
                "table in the read database",
                PORT_BASE + 123,
                List.of(reader),
                up.server("read-1"),
                true),
            new Asked(
                "the same through the gateway",
                PORT_BASE,
                List.of(up.part("gateway"), reader),
                up.server("read-1"),
                true),
            new Asked(
                "Spring MVC and Spring Data JPA",
                CONVENTIONAL_PORT,
                List.of(conventional),
                up.server("primary"),
                false));
    out.printf(
        "%n%,d orders with 2 items each; %d connections, medians of %d alternating runs; us of CPU and ms per request.%n",
        orders, CONNECTIONS, RUNS);
    try (Load load = new Load()) {
      for (Question question : questions) {
        ask(up, load, question, all);
      }
    }
  }

  private static String firstId(UpProcess up) throws SQLException {
    try (Connection connection = up.primary();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("select id from orders order by placed_at desc limit 1")) {
      row.next();
      return row.getString(1);
    }
  }

  private void ask(UpProcess up, Load load, Question question, List<Asked> all) throws Exception {
    Map<Asked, Taken> taken = new LinkedHashMap<>();
    for (Asked asked : all) {
      taken.put(asked, new Taken());
      int warmUp = WARM_UP * question.requests();
      load.run(asked.port(), path(question, asked), "", CONNECTIONS, warmUp);
    }
    double[] limit = new double[RUNS];
    Path statement = statement(up);
    for (int run = 0; run < RUNS; run++) {
      for (Asked asked : all) {
        measure(load, question, asked, Objects.requireNonNull(taken.get(asked)), run);
      }
      limit[run] = pgbench(up, statement, question);
    }
    print(question, taken, Figures.median(limit));
  }

  private static String path(Question question, Asked asked) {
    return asked.isFreshet() ? question.path() : question.conventionalPath();
  }

  private static void measure(Load load, Question question, Asked asked, Taken taken, int run)
      throws Exception {
    double jvmBefore = asked.jvms().stream().mapToDouble(ProcessUse::cpuMicros).sum();
    double serverBefore = ProcessUse.cpuMicrosWithChildren(asked.server());
    Load.Outcome outcome =
        load.run(asked.port(), path(question, asked), "", CONNECTIONS, question.requests());
    taken.jvm[run] =
        (asked.jvms().stream().mapToDouble(ProcessUse::cpuMicros).sum() - jvmBefore)
            / question.requests();
    taken.server[run] =
        (ProcessUse.cpuMicrosWithChildren(asked.server()) - serverBefore) / question.requests();
    taken.latencies.add(outcome.latencies());
  }

  /** The statement that the read-backend ran last in the read database, for pgbench. */
  private static Path statement(UpProcess up) throws Exception {
    try (Connection connection = up.readDatabase(1);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select query from pg_stat_activity
                where application_name = 'read-1' and query like 'select p.*%'
                order by query_start desc limit 1
                """)) {
      row.next();
      Path file = Files.createTempFile("freshet-", ".pgbench");
      // pgbench takes one statement a line.
      Files.writeString(file, row.getString(1).replace("$1", ":value").replace('\n', ' ') + ";\n");
      return file;
    }
  }

  /** What the server takes for it, without a JVM. */
  private static double pgbench(UpProcess up, Path statement, Question question)
      throws IOException, InterruptedException {
    ProcessHandle server = up.server("read-1");
    double before = ProcessUse.cpuMicrosWithChildren(server);
    int done =
        Pgbench.run(
            up.readDatabasePort(1),
            up.password(),
            new Pgbench.Script("freshet", statement, Map.of("value", question.value())),
            CONNECTIONS,
            question.requests());
    return (ProcessUse.cpuMicrosWithChildren(server) - before) / done;
  }

  private void print(Question question, Map<Asked, Taken> taken, double limit) {
    out.printf("%n| %s | JVM | PostgreSQL | p50 | p99 |%n", question.name());
    out.println("| --- | --- | --- | --- | --- |");
    taken.forEach(
        (asked, cost) ->
            out.printf(
                "| %s | %.0f | %.0f | %.2f | %.2f |%n",
                asked.name(),
                Figures.median(cost.jvm),
                Figures.median(cost.server),
                cost.latencies.getValueAtPercentile(50) / 1e6,
                cost.latencies.getValueAtPercentile(99) / 1e6));
    out.printf("| pgbench, the same statement in the read database | | %.0f | | |%n", limit);
    List<Taken> all = List.copyOf(taken.values());
    Taken view = all.get(0);
    Taken table = all.get(2);
    Taken conventional = all.get(4);
    out.printf(
        "%nPostgreSQL takes %.2f times what it takes for pgbench. The view takes %.1f times what the table takes (PostgreSQL alone: %.1f); the conventional controller %.1f times.%n",
        Figures.median(table.server) / limit,
        view.both() / table.both(),
        Figures.median(view.server) / Figures.median(table.server),
        conventional.both() / table.both());
  }
}
