package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.PinnedSession;
import dev.freshet.protocol.PrimaryPosition;
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
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

class SyncBackendIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String ITEMS =
      """
      /*
      key: id
      */
      select o.id, o.note, coalesce(sum(i.n), 0)::int as n, string_agg(d.name, ',' order by i.line) as names
      from orders o left join item i on i.order_id = o.id left join dish d on d.sku = i.sku
      group by o.id
      """;

  @TempDir Path folder;

  private Cluster cluster;
  private ConfigurableApplicationContext sync;

  @BeforeEach
  void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 1, 18_440, false));
    Files.createDirectories(folder.resolve("models"));
    model("items", ITEMS);
    onPrimary(
        """
        create table dish (sku text primary key, name text);
        create table orders (id int primary key, note text);
        create table item (order_id int, line int, sku text, n int, primary key (order_id, line));
        insert into dish values ('p', 'pizza'), ('s', 'soup');
        insert into orders values (1, 'first'), (2, null);
        insert into item values (1, 1, 'p', 2), (1, 2, 's', 1)
        """);
    sync = startSync();
  }

  @AfterEach
  void stop() {
    sync.close();
    cluster.close();
  }

  @Test
  void firstCopyAndEveryKindOfChangeReachTheModel() throws Exception {
    awaitInStep();
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(1,first,3,\"pizza,soup\") (2,,0,)");

    onPrimary("insert into item values (2, 1, 'p', 5)");
    onPrimary("update dish set name = 'Pizza' where sku = 'p'");
    awaitInStep();
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(1,first,3,\"Pizza,soup\") (2,,5,Pizza)");

    onPrimary("update item set order_id = 2, line = 9 where order_id = 1 and line = 2");
    onPrimary("delete from item where order_id = 2 and line = 1");
    onPrimary("begin; insert into orders values (3, 'gone'); rollback");
    onPrimary("update orders set id = 7 where id = 1");
    awaitInStep();
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(2,,1,soup) (7,first,0,)");

    onPrimary("truncate item, orders; insert into orders values (4, 'new')");
    awaitInStep();
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(4,new,0,)");
  }

  @Test
  void largeValuesThatAChangeLeavesAloneAreKept() throws Exception {
    onPrimary("alter table orders alter note set storage external");
    onPrimary("update orders set note = repeat('x', 10000) where id = 1");
    awaitInStep();
    sync.close();
    onPrimary("update orders set id = 8 where id = 1");
    onPrimary("update orders set id = 9 where id = 8");
    sync = startSync();
    awaitInStep();
    assertThat(read("select length(note) from read.items where id = 9")).isEqualTo("10000");
  }

  @Test
  void valuesOfEveryCarriedTypeArriveAsTheyAre() throws Exception {
    onPrimary(
        """
        create table kinds (id int primary key, a boolean, b smallint, c bigint, d real, e double precision,
          f numeric, g numeric(12,4), h varchar(20), i char(5), j uuid, k date, l timestamp, m timestamptz,
          n time, o json, p jsonb, q bytea, r timestamp(0), s timestamptz(3), t text default 'x');
        """);
    model(
        "kinds",
        "/* key: id */ select k.id, k.a, k.b, k.c, k.d, k.e, k.f, k.g, k.h, k.i, k.j, k.k, k.l, k.m, k.n, k.o, k.p, k.q, k.r, k.s, k.t from kinds k");
    String values =
        """
        (%d, true, -32768, 9223372036854775807, 1.1, 0.1, 'NaN', 1.5000, E'tab\\tnew\\nline\\\\N', 'ab',
         '6a1c1f2e-0000-4000-8000-000000000001', '0044-03-15 BC', '1999-12-31 23:59:59.999999',
         '2026-03-29 02:30:00.123456+02', '24:00:00', '{"a":  1}', '{"b": [1, null]}', '\\x00ff',
         '2026-01-01 00:00:00', '2026-01-01 00:00:00.5+00', null)""";
    onPrimary("insert into kinds values " + values.formatted(1));
    onPrimary("insert into kinds (id, k, l, m) values (6, 'infinity', 'infinity', 'infinity')");
    onPrimary("insert into kinds (id, k, l, m) values (7, '-infinity', '-infinity', '-infinity')");
    sync.close();
    sync = startSync();
    awaitInStep();
    onPrimary("insert into kinds values " + values.formatted(2));
    onPrimary("insert into kinds (id, k, l, m) values (4, 'infinity', 'infinity', 'infinity')");
    onPrimary("insert into kinds (id, k, l, m) values (5, '-infinity', '-infinity', '-infinity')");
    onPrimary("insert into kinds (id, f) values (3, 123456789012345678901234567890.123456789)");
    awaitInStep();
    assertThat(read("select count(*) from read.kinds")).isEqualTo("7");
  }

  @Test
  void nothingIsLostOrDoubledOverRestartsUnderLoad() throws Exception {
    AtomicBoolean stopped = new AtomicBoolean();
    Thread[] writers = new Thread[4];
    for (int w = 0; w < writers.length; w++) {
      int writer = w;
      writers[w] = new Thread(() -> write(writer, stopped));
      writers[w].start();
    }
    for (int restart = 0; restart < 4; restart++) {
      awaitState("streaming");
      String before = read("select lsn from freshet.position");
      await(() -> !read("select lsn from freshet.position").equals(before));
      sync.close();
      sync = startSync();
    }
    stopped.set(true);
    for (Thread writer : writers) {
      writer.join();
    }
    awaitInStep();
    assertThat(Long.parseLong(read("select count(*) from read.items"))).isGreaterThan(100);
  }

  private void write(int writer, AtomicBoolean stopped) {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int n = 1; !stopped.get(); n++) {
        int id = n * 10 + writer;
        statement.execute(
            "insert into orders values (%d, 'n') on conflict do nothing".formatted(id));
        statement.execute(
            "insert into item select %d, g, 'p', g from generate_series(1, %d) g"
                .formatted(id, 1 + n % 5));
        if (n % 3 == 0) {
          statement.execute("delete from item where order_id = %d".formatted(id - 10));
        }
        if (n % 7 == 0) {
          connection.rollback();
        } else {
          connection.commit();
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void idleSystemGoesOnToTellATruePositionAndAPingComesWhenWanted() throws Exception {
    awaitInStep();
    String before = read("select lsn from freshet.position");
    await(() -> !read("select lsn from freshet.position").equals(before));
    assertThat(get("/api/sync")).contains("\"state\":\"streaming\"");
    assertThat(
            Double.parseDouble(
                get("/api/sync").replaceAll("(?s).*\"lagSeconds\":([0-9.E-]+).*", "$1")))
        .isLessThan(5);
    assertThat(get("/actuator/prometheus"))
        .contains("freshet_sync_active{read_database=\"read-1\"} 1.0")
        .contains("freshet_sync_lag_seconds{read_database=\"read-1\"}")
        .contains("freshet_slot_retained_bytes{read_database=\"read-1\",slot=\"freshet_read_1\"}");
    assertThat(get("/api/models")).contains("\"name\":\"items\"");
  }

  @Test
  void slotAheadOfWhatWasAppliedIsRefused() throws Exception {
    awaitInStep();
    sync.close();
    onPrimary("insert into orders values (50, 'x')");
    onPrimary("select pg_replication_slot_advance('freshet_read_1', pg_current_wal_lsn())");
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync")).contains("the changes between are missing");
    onPrimary("select pg_drop_replication_slot('freshet_read_1')");
    awaitInStep();
    assertThat(read("select note from read.items where id = 50")).isEqualTo("x");
  }

  @Test
  void modelThatChangesIsMadeAnewAndOneThatGoesIsDropped() throws Exception {
    awaitInStep();
    sync.close();
    Files.delete(folder.resolve("models/items.sql"));
    model("notes", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync();
    await(
        () ->
            read("select count(*) from pg_tables where schemaname = 'read' and tablename = 'items'")
                    .equals("0")
                && read("select count(*) from pg_tables where schemaname = 'read' and tablename = 'notes'")
                    .equals("1"));
  }

  @Test
  void secondSyncStandsByAndTakesOverWhenTheFirstEnds() throws Exception {
    awaitInStep();
    ConfigurableApplicationContext first = sync;
    sync = startSync();
    awaitState("standby");
    first.close();
    onPrimary("insert into orders values (60, 'x')");
    awaitInStep();
  }

  @Test
  void keyThatIsNullInARowIsRefusedByName() throws Exception {
    model("notes", "/* key: note */ select o.note, count(*) as n from orders o group by o.note");
    sync.close();
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync"))
        .contains("Model notes: its key (note) does not tell its rows apart");
  }

  @Test
  void partitionedTableIsRefused() throws Exception {
    onPrimary("create table parted (id int primary key) partition by range (id)");
    model("parted", "/* key: id */ select p.id from parted p");
    sync.close();
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync")).contains("Table public.parted is partitioned");
  }

  @Test
  void tableThatIsNoCopyIsNotReplaced() throws Exception {
    awaitInStep();
    sync.close();
    try (Connection connection = cluster.readDatabases().getFirst().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("drop schema freshet cascade; comment on table orders is null");
    }
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync")).contains("has a table public.orders of its own");
  }

  private ConfigurableApplicationContext startSync() {
    return SyncBackend.start(
        Map.of(
            "server.port",
            0,
            "server.address",
            "127.0.0.1",
            "freshet.sync.primary",
            url(cluster.primary()),
            "freshet.sync.read-database",
            url(cluster.readDatabases().getFirst()),
            "freshet.sync.models",
            folder.resolve("models").toString(),
            "freshet.sync.id",
            "read-1",
            "freshet.sync.views",
            true));
  }

  private static String url(PostgresServer server) {
    return "postgresql://postgres:%s@127.0.0.1:%d/freshet"
        .formatted(server.url().password(), server.port());
  }

  private void model(String name, String text) throws Exception {
    Files.writeString(folder.resolve("models/" + name + ".sql"), text);
  }

  /** Waits until all that is committed now is applied, then compares every model with its view. */
  private void awaitInStep() throws Exception {
    Lsn written;
    try (Connection connection = cluster.primary().connect()) {
      written = PrimaryPosition.ask(connection).lsn();
    }
    await(
        () ->
            read("select to_regclass('freshet.position')") != null
                && read("select state from freshet.position").equals("streaming")
                && Lsn.parse(read("select lsn from freshet.position")).compareTo(written) >= 0);
    for (String model : read("select string_agg(name, ',') from freshet.model").split(",", -1)) {
      String hashes =
          "select string_agg(md5(r::text), ' ' order by md5(r::text)) from read." + model + " r";
      assertThat(read(hashes)).as(model).isEqualTo(query(cluster.primary(), hashes));
    }
  }

  private void awaitState(String state) throws Exception {
    await(() -> get("/api/sync").contains("\"state\":\"" + state + "\""));
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private void await(Condition condition) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.holds()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("It did not happen; the sync says " + get("/api/sync"));
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  private String get(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:"
                            + sync.getEnvironment().getProperty("local.server.port")
                            + path))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private void onPrimary(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String read(String sql) throws SQLException {
    return query(cluster.readDatabases().getFirst(), sql);
  }

  private static String query(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
      try (ResultSet row = statement.executeQuery(sql)) {
        row.next();
        return row.getString(1);
      }
    }
  }
}
