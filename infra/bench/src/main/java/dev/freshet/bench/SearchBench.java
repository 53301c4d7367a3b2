package dev.freshet.bench;

import dev.freshet.bench.SearchDelays.Delays;
import dev.freshet.bench.figures.Figures;
import dev.freshet.bench.gateway.Load;
import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.ProcessUse;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * A search store beside the read database that it follows: from a commit until a row is readable
 * and searchable, full text in both, what a store needs over time, and what following costs the
 * read database.
 */
final class SearchBench {

  private static final int PORT_BASE = 12_500;
  private static final int READ_DATABASE_READER = PORT_BASE + 122;
  private static final int STORE_READER = PORT_BASE + 123;
  private static final int FOLLOWER = PORT_BASE + 40;
  private static final int STORE = PORT_BASE + 305;
  private static final int RATE = 200;
  private static final int CONNECTIONS = 4;
  private static final int RUNS = 3;
  private static final int WARM_UP_SECONDS = 10;
  private static final int WORDS_AN_ORDER = 8;
  private static final int VOCABULARY = 5_000;
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private static final String MODEL =
      """
      /*
      key: id
      indexes: [status, "placed_at desc"]
      stores: [search]
      search: { text: [customer, note, items.name], language: english }
      */
      select o.id, o.customer, o.status, o.placed_at, o.note,
        coalesce(jsonb_agg(jsonb_build_object('name', i.name, 'quantity', i.quantity) order by i.line)
          filter (where i.line is not null), '[]') as items
      from orders o left join order_item i on i.order_id = o.id
      group by o.id
      """;

  private final PrintStream out;
  private final Length length;
  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(30));

  /**
   * How much is measured.
   *
   * @param orders that are there before
   * @param seconds that each rate is kept for
   * @param soak how long the store is followed at 200 transactions a second
   * @param requests of each search and run
   */
  record Length(int orders, int seconds, Duration soak, int requests) {

    static final Length FULL = new Length(1_000_000, 30, Duration.ofMinutes(10), 400);
    static final Length SHORT = new Length(20_000, 5, Duration.ofSeconds(10), 100);
  }

  SearchBench(PrintStream out, Length length) {
    this.out = out;
    this.length = length;
  }

  /** Runs it, and prints what came of it. */
  void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-");
    Path config = config(folder);
    SearchDelays orders = new SearchDelays(length.orders());
    double followed;
    try (UpProcess up = start(folder, config, "--search")) {
      long began = System.nanoTime();
      up.awaitReady(PATIENCE);
      awaitServed();
      out.printf(
          "%,d orders with 3 items each. All was copied, and written to the store, %.0f s after the start.%n%n",
          length.orders(), (System.nanoTime() - began) / 1e9);
      up.analyze();
      out.println("| transactions/s | readable p50 | p99 | max | searchable p50 | p99 | max |");
      out.println("| --- | --- | --- | --- | --- | --- | --- |");
      orders.measure(up, storeUrl(), RATE, WARM_UP_SECONDS);
      for (int rate : List.of(10, 50)) {
        print(rate, orders.measure(up, storeUrl(), rate, length.seconds()));
      }
      followed = costs(up, orders);
      soak(up, orders);
      search(up);
    }
    try (UpProcess up = start(folder, config)) {
      up.awaitReady(PATIENCE);
      forgetStore(up);
      orders.measure(up, null, RATE, WARM_UP_SECONDS);
      double alone = ProcessUse.cpuMicrosWithChildren(up.server("read-1"));
      Delays delays = orders.measure(up, null, RATE, length.seconds());
      alone = (ProcessUse.cpuMicrosWithChildren(up.server("read-1")) - alone) / delays.count();
      out.printf(
          "%nWithout a store that follows: readable p50 %s, p99 %s; the read database takes %.0f us of CPU a transaction, and %.0f with it.%n",
          millis(delays.readable(), 50), millis(delays.readable(), 99), alone, followed);
    }
  }

  private static UpProcess start(Path folder, Path config, String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("--config", config.toString(), "--processes", "--replicas", "0"));
    arguments.addAll(List.of(more));
    return UpProcess.start(folder.resolve("data"), PORT_BASE, arguments.toArray(String[]::new));
  }

  private Path config(Path folder) throws IOException {
    Path config = folder.resolve("config");
    Files.createDirectories(config.resolve("schema"));
    Files.createDirectories(config.resolve("models"));
    Files.writeString(
        config.resolve("schema/V001__orders.sql"),
        """
        create table orders (id bigint primary key, customer text not null, status text not null,
          placed_at timestamptz not null, note text not null);
        create table order_item (order_id bigint references orders, line int, name text not null,
          quantity int not null, primary key (order_id, line));
        %s
        select setseed(0.5);
        insert into orders select i, 'customer ' || i %% %d,
          (array['placed', 'preparing', 'ready', 'served'])[1 + i %% 4],
          '2026-11-01T00:00:00Z'::timestamptz + make_interval(secs => i), words(%d)
          from generate_series(1, %d) i;
        insert into order_item select i, line, 'dish ' || 1 + (i + line) %% 50, line
          from generate_series(1, %d) i, generate_series(1, 3) line;
        analyze;
        """
            .formatted(
                words(), length.orders() / 100, WORDS_AN_ORDER, length.orders(), length.orders()));
    Files.writeString(config.resolve("models/orders.sql"), MODEL);
    return config;
  }

  /** Words of which few are frequent and most are rare. */
  private static String words() {
    return """
        create function words(n int) returns text language sql volatile as
          $$ select string_agg('w' || 1 + floor(%d * random() ^ 3)::int, ' ') from generate_series(1, n) $$;
        """
        .formatted(VOCABULARY);
  }

  private static String storeUrl() {
    return "http://127.0.0.1:" + STORE;
  }

  private String follower() throws IOException, InterruptedException {
    return calls.send("GET", "http://127.0.0.1:%d/api/follower".formatted(FOLLOWER), "").body();
  }

  private void awaitServed() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!follower().contains("\"state\":\"served\"")) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("The store is not filled: " + follower());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }

  private static void forgetStore(UpProcess up) throws SQLException {
    try (Connection server = up.readDatabase(1);
        Statement statement = server.createStatement()) {
      statement.execute("delete from freshet.store");
      statement.execute("truncate freshet.followed");
    }
  }

  private void print(int rate, Delays delays) {
    out.printf(
        "| %,d | %s | %s | %s | %s | %s | %s |%n",
        rate,
        millis(delays.readable(), 50),
        millis(delays.readable(), 99),
        millis(delays.readable(), 100),
        millis(delays.searchable(), 50),
        millis(delays.searchable(), 99),
        millis(delays.searchable(), 100));
  }

  private static String millis(Histogram delays, double percentile) {
    return "%.1f ms".formatted(delays.getValueAtPercentile(percentile) / 1e6);
  }

  /** The CPU that each takes for a transaction, in microseconds; gives the read database's. */
  private double costs(UpProcess up, SearchDelays orders) throws Exception {
    Map<String, Double> before = cpu(up);
    Delays delays = orders.measure(up, storeUrl(), RATE, length.seconds());
    Map<String, Double> after = cpu(up);
    print(RATE, delays);
    out.printf("%nCPU of a transaction at %d a second, in us:", RATE);
    after.forEach(
        (who, micros) ->
            out.printf(
                " %s %.0f;",
                who, (micros - Objects.requireNonNull(before.get(who))) / delays.count()));
    out.println(" the store's with the look for each row.");
    return (Objects.requireNonNull(after.get("read database"))
            - Objects.requireNonNull(before.get("read database")))
        / delays.count();
  }

  private static Map<String, Double> cpu(UpProcess up) {
    Map<String, Double> micros = new LinkedHashMap<>();
    micros.put("primary", ProcessUse.cpuMicrosWithChildren(up.server("primary")));
    micros.put("sync", ProcessUse.cpuMicros(up.part("sync-read-1")));
    micros.put("read database", ProcessUse.cpuMicrosWithChildren(up.server("read-1")));
    micros.put("follower", ProcessUse.cpuMicros(up.part("follower")));
    micros.put("store", ProcessUse.cpuMicros(up.store()));
    return micros;
  }

  /** Whether what a store needs grows with the time. */
  private void soak(UpProcess up, SearchDelays orders) throws Exception {
    int parts = 5;
    int seconds = (int) length.soak().toSeconds() / parts;
    out.printf(
        "%n| followed at %d/s for | searchable p50 | p99 | store, MiB | follower, MiB | segments | documents, deleted | on disk |%n",
        RATE);
    out.println("| --- | --- | --- | --- | --- | --- | --- | --- |");
    out.printf("| 0 s | | | %s |%n", size(up));
    for (int part = 1; part <= parts; part++) {
      Delays delays = orders.measure(up, storeUrl(), RATE, seconds);
      out.printf(
          "| %,d s | %s | %s | %s |%n",
          part * seconds,
          millis(delays.searchable(), 50),
          millis(delays.searchable(), 99),
          size(up));
    }
    long began = System.nanoTime();
    String compared =
        calls
            .send("POST", "http://127.0.0.1:%d/api/models/orders/verify".formatted(FOLLOWER), "")
            .body();
    out.printf(
        "%nCompared with the read database at one position, within %.1f s: %s%n",
        (System.nanoTime() - began) / 1e9, compared);
  }

  private String size(UpProcess up) throws IOException, InterruptedException {
    String told =
        calls
            .send("GET", storeUrl() + "/freshet.model.orders/_stats/segments,docs,store", "")
            .body();
    return "%.0f | %.0f | %s | %s, %s | %.0f MB"
        .formatted(
            ProcessUse.residentMebibytes(List.of(up.store())),
            ProcessUse.residentMebibytes(List.of(up.part("follower"))),
            figure(told, "\"segments\":\\{\"count\":(\\d+)"),
            figure(told, "\"docs\":\\{\"count\":(\\d+)"),
            figure(told, "\"deleted\":(\\d+)"),
            Long.parseLong(figure(told, "\"size_in_bytes\":(\\d+)")) / 1e6);
  }

  private static String figure(String told, String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(told);
    if (!found.find()) {
      throw new IllegalStateException("No %s in %s".formatted(pattern, told));
    }
    return found.group(1);
  }

  /** What is asked of both. */
  private record Search(String name, String query) {}

  private void search(UpProcess up) throws Exception {
    List<Search> searches =
        List.of(
            new Search("a rare word, the best 20", "search=wfts.w4500&order=rank.desc"),
            new Search("a common word, the best 20", "search=wfts.w100&order=rank.desc"),
            new Search("two common words, the best 20", "search=wfts.w5%20w20&order=rank.desc"),
            new Search("a phrase, the best 20", "search=phfts.w5%20w20&order=rank.desc"),
            new Search(
                "a common word and a status, the latest 20",
                "search=wfts.w100&status=eq.ready&order=placed_at.desc"));
    out.printf(
        "%nFull text by the read-backends; %d connections, medians of %d alternating runs; CPU in ms a request.%n",
        CONNECTIONS, RUNS);
    out.println();
    out.println(
        "| search | rows | PostgreSQL: backend | server | p50 | p99 | store: backend | server | p50 | p99 |");
    out.println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    try (Load load = new Load()) {
      for (Search search : searches) {
        String path = "/orders?select=id,customer,note&limit=20&" + search.query();
        Asked database =
            new Asked(READ_DATABASE_READER, up.part("read-1"), up.server("read-1"), RUNS);
        Asked store = new Asked(STORE_READER, up.part("search-1"), up.store(), RUNS);
        for (Asked asked : List.of(database, store)) {
          load.run(asked.port, path, "", CONNECTIONS, length.requests());
        }
        for (int run = 0; run < RUNS; run++) {
          for (Asked asked : List.of(database, store)) {
            asked.measure(load, path, length.requests(), run);
          }
        }
        out.printf(
            "| %s | %s | %s | %s |%n", search.name(), rows(search), database.row(), store.row());
      }
    }
  }

  /** How many rows there are, as each counts them. */
  private String rows(Search search) throws IOException, InterruptedException {
    String path = "/orders?select=id&limit=1&" + search.query().replaceFirst("&order=.*", "");
    return "%s, %s".formatted(count(READ_DATABASE_READER, path), count(STORE_READER, path));
  }

  private String count(int port, String path) throws IOException, InterruptedException {
    return calls
        .send("GET", "http://127.0.0.1:%d%s".formatted(port, path), "", "Prefer", "count=exact")
        .headers()
        .firstValue("Content-Range")
        .orElse("?")
        .replaceFirst(".*/", "");
  }

  /** A read-backend, and what it asks. */
  private static final class Asked {

    private final int port;
    private final ProcessHandle backend;
    private final ProcessHandle server;
    private final double[] ofBackend;
    private final double[] ofServer;
    private final Histogram latencies = new Histogram(3);

    Asked(int port, ProcessHandle backend, ProcessHandle server, int runs) {
      this.port = port;
      this.backend = backend;
      this.server = server;
      this.ofBackend = new double[runs];
      this.ofServer = new double[runs];
    }

    void measure(Load load, String path, int requests, int run) throws Exception {
      double backendBefore = ProcessUse.cpuMicros(backend);
      double serverBefore = ProcessUse.cpuMicrosWithChildren(server);
      latencies.add(load.run(port, path, "", CONNECTIONS, requests).latencies());
      ofBackend[run] = (ProcessUse.cpuMicros(backend) - backendBefore) / requests / 1e3;
      ofServer[run] = (ProcessUse.cpuMicrosWithChildren(server) - serverBefore) / requests / 1e3;
    }

    String row() {
      return "%.2f | %.2f | %s | %s"
          .formatted(
              Figures.median(ofBackend),
              Figures.median(ofServer),
              millis(latencies, 50),
              millis(latencies, 99));
    }
  }
}
