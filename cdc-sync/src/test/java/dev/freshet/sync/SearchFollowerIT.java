package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.Position;
import dev.freshet.search.Json;
import dev.freshet.search.Progress;
import dev.freshet.search.RowDocument;
import dev.freshet.search.SearchAddress;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import dev.freshet.searchnode.SearchNode;
import dev.freshet.sync.follow.FollowBackend;
import dev.freshet.sync.follow.FollowerObserver;
import dev.freshet.sync.follow.FollowerState;
import dev.freshet.sync.follow.SearchFollower;
import dev.freshet.sync.search.SearchSink;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** A store in a real OpenSearch is kept in step with a read database, byte for byte. */
class SearchFollowerIT extends SyncTest {

  private static final int PORT = 23_990 + 1_000 * Integer.getInteger("freshet.test.fork", 1);

  @TempDir static Path storeFolder;

  private static SearchNode node;
  private static SearchClient client;

  private @Nullable SearchFollower follower;
  private volatile @Nullable FollowerState state;

  @BeforeAll
  static void startStore() {
    node = SearchNode.start(storeFolder, PORT);
    client = SearchClient.open(SearchAddress.parse(node.url()));
  }

  @AfterAll
  static void stopStore() {
    client.close();
    node.close();
  }

  @BeforeEach
  void empty() throws Exception {
    client.send("DELETE", "/freshet.*", null);
  }

  @AfterEach
  void stopFollower() {
    if (follower != null) {
      follower.close();
    }
  }

  private void follow() {
    state = null;
    follower = start("search", now -> state = now);
  }

  private SearchFollower start(String store, Consumer<FollowerState> observer) {
    SearchFollower started =
        new SearchFollower(
            new SearchFollower.Settings(
                PostgresUrl.parse(url(readServer())), store, Duration.ofMillis(20)),
            () ->
                new SearchSink(
                    SearchClient.open(SearchAddress.parse(node.url())),
                    (model, key, reason) -> {
                      throw new AssertionError(
                          "%s %s was rejected: %s".formatted(model, key, reason));
                    },
                    0,
                    Clock.systemUTC()),
            new FollowerObserver() {
              @Override
              public void became(FollowerState now) {
                observer.accept(now);
              }

              @Override
              public void wrote(Duration took) {
                assertThat(took).isPositive();
              }
            },
            Clock.systemUTC());
    started.start();
    return started;
  }

  private static final String TYPES =
      """
      create type mood as enum ('sad', 'ok', 'happy');
      create type pair as (x int, y text);
      create table thing (id bigint primary key, b boolean, s smallint, r real, d double precision, n numeric,
        m numeric(10,2), t text, v varchar(50), c char(5), u uuid, day date, ts timestamp, tz timestamptz, i interval,
        j json, k jsonb, a int[], w text[], p pair, e mood, raw bytea, net inet)
      """;

  /** Rows with values of all types, the odd ones among them. */
  private static String insert(Random random, int from, int to) {
    List<String> rows = new ArrayList<>();
    for (int id = from; id < to; id++) {
      rows.add(
          "(%d, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
              .formatted(
                  id,
                  pick(random, "true", "false"),
                  pick(random, "0", "-32768", "32767"),
                  pick(random, "0.1", "'NaN'", "'Infinity'", "1e-30", "-0.0"),
                  pick(random, "0.1", "'-Infinity'", "1e300", "12345678.9", "-0.0"),
                  pick(random, "1.10", "'NaN'", "123456789012345678901234567890.5", "0.000"),
                  pick(random, "17.00", "-0.05", "'NaN'", "99999999.99"),
                  pick(
                      random,
                      "'plain'",
                      "'qu\"ote \\ back'",
                      "E'tab\\t nl\\n \\x01 é 😀'",
                      "''",
                      "repeat('ä', 20000)"),
                  pick(random, "'v'", "''"),
                  pick(random, "'ab'", "''"),
                  pick(random, "gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"),
                  pick(random, "'2026-02-28'", "'0044-03-15 BC'", "'infinity'", "'20261-01-01'"),
                  pick(random, "'2026-11-30 12:00:00.000001'", "'-infinity'", "'0001-01-01 BC'"),
                  pick(
                      random,
                      "'2026-11-30 12:00:00+05:30'",
                      "'infinity'",
                      "'1969-12-31 23:59:59.999999Z'"),
                  pick(random, "'1 day 02:00'", "'-1 mon'"),
                  pick(random, "'{\"a\":1,  \"a\":2}'", "E'[1,\\n2]'", "'null'"),
                  pick(random, "'{\"b\": [1.10, null, \"x\"]}'", "'\"t\"'", "'1e400'"),
                  pick(random, "'{1,2,null}'", "'{}'", "'{{1,2},{3,4}}'"),
                  pick(random, "array['a,b', null, 'c\"d']", "'{}'"),
                  pick(random, "(1, 'y')", "(null, 'q\"')"),
                  pick(random, "'sad'", "'happy'"),
                  pick(random, "'\\x00ff'", "''"),
                  pick(random, "'10.0.0.1'", "'::1/64'")));
    }
    return "insert into thing values " + String.join(", ", rows);
  }

  private static String pick(Random random, String... values) {
    return random.nextInt(6) == 0 ? "null" : values[random.nextInt(values.length)];
  }

  @Test
  void rowsAreTheSameByteForByteWhateverTheirTypes() throws Exception {
    Random random = new Random(Long.getLong("freshet.seed", 5));
    onPrimary(TYPES);
    onPrimary(insert(random, 0, 300));
    model("things", "/*\nkey: id\nstores: [search]\n*/ select * from thing");
    sync = startSync();
    follow();
    requireSame("things");
    onPrimary(insert(random, 300, 500));
    onPrimary(
        "delete from thing where id % 7 = 0; update thing set id = id + 1000 where id % 5 = 0");
    requireSame("things");
    onPrimary("truncate thing");
    onPrimary(insert(random, 0, 10));
    requireSame("things");
  }

  @Test
  void modelsThatChangeComeAndGoAreFollowed() throws Exception {
    onPrimary(
        "create table dish (id int primary key, name text, price int); insert into dish select i, 'dish ' || i, i from generate_series(1, 3000) i");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, name from dish");
    model(
        "prices",
        "/*\nkey: price\nstores: [search]\n*/ select price, count(*) as n from dish group by price");
    model("kept_out", "/* key: id */ select id from dish");
    sync = startSync();
    follow();
    requireSame("dishes", "prices");
    model(
        "dishes",
        "/*\nkey: id\nstores: [search]\nsearch: { text: name }\n*/ select id, name, price from dish");
    awaitInStep("kept_out");
    await(
        () ->
            read("select count(*) from information_schema.columns where table_name = 'dishes' and table_schema = 'read' and column_name = 'price'")
                .equals("1"));
    onPrimary("update dish set price = price % 10, name = name || '!'");
    requireSame("dishes", "prices");
    model("prices", "/* key: price */ select price, count(*) as n from dish group by price");
    await(() -> stored("prices") == null);
    assertThat(stored("kept_out")).isNull();
    requireSame("dishes");
  }

  @Test
  void followerThatWasStoppedGoesOnWhereItWas() throws Exception {
    onPrimary(
        "create table dish (id int primary key, name text); insert into dish values (1, 'a')");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, name from dish");
    sync = startSync();
    follow();
    requireSame("dishes");
    stopFollower();
    onPrimary("insert into dish values (2, 'b'); delete from dish where id = 1");
    awaitApplied();
    assertThat(read("select count(*) from freshet.followed")).isEqualTo("2");
    follow();
    requireSame("dishes");
    assertThat(client.send("GET", "/freshet.model.dishes/_alias", null).propertyNames())
        .containsExactly("freshet.model.dishes-1");
    await(() -> read("select count(*) from freshet.followed").equals("0"));
  }

  @Test
  void storeThatOneFollowerWritesToIsLeftAloneByAnother() throws Exception {
    onPrimary("create table dish (id int primary key, v int); insert into dish values (1, 0)");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, v from dish");
    sync = startSync();
    follow();
    requireSame("dishes");
    AtomicReference<String> said = new AtomicReference<>("");
    AtomicLong pending = new AtomicLong();
    SearchFollower second =
        start(
            "other",
            now -> {
              said.set(now.phase() + " " + now.reason());
              pending.set(now.pendingKeys());
            });
    try {
      await(() -> said.get().startsWith("RETRYING Another follower writes to this store"));
      assertThat(said.get()).contains("/search, of ", "follow into a store of its own");
      onPrimary("update dish set v = 1");
      requireSame("dishes");
      await(() -> pending.get() > 0); // what waits for it
    } finally {
      second.close();
    }
    assertThat(client.send("GET", "/freshet.model.dishes/_alias", null).propertyNames())
        .as("nothing was filled again")
        .containsExactly("freshet.model.dishes-1");
  }

  @Test
  void modelThatIsRebuiltIsAnsweredAllTheTimeAndFromItsNewTableAtLast() throws Exception {
    onPrimary(
        "create table dish (id int primary key, v int); insert into dish select i, 0 from generate_series(1, 5000) i");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, v from dish");
    sync = startSync();
    follow();
    requireSame("dishes");
    execute(readServer(), "update read.dishes set v = 7 where id = 9"); // what a rebuild corrects
    onPrimary("update dish set v = 1 where id = 1");
    assertThat(sync.getBean(Synchronizer.class).rebuild("dishes")).isTrue();
    AtomicInteger change = new AtomicInteger(1);
    await(
        () -> {
          onPrimary("update dish set v = v + 1 where id = 1");
          change.incrementAndGet();
          assertThat(stored("dishes")).as("as readers have it").hasSize(5_000);
          return client
              .send("GET", "/freshet.model.dishes/_alias", null)
              .propertyNames()
              .contains("freshet.model.dishes-2");
        });
    requireSame("dishes");
    assertThat(stored("dishes"))
        .contains("{\"id\":9,\"v\":0}", "{\"id\":1,\"v\":%d}".formatted(change.get()));
  }

  @Test
  void storeThatTheReadDatabaseForgotIsFilledAnew() throws Exception {
    onPrimary(
        "create table dish (id int primary key, v int); insert into dish select i, 0 from generate_series(1, 10) i");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, v from dish");
    sync = startSync();
    follow();
    requireSame("dishes");
    stopFollower();
    execute(readServer(), "delete from freshet.store; delete from freshet.followed");
    onPrimary("update dish set v = 1 where id = 1"); // no key is written for this
    awaitApplied();
    follow();
    requireSame("dishes");
    execute(readServer(), "delete from freshet.store; delete from freshet.followed");
    onPrimary("update dish set v = 2 where id = 2"); // nor for this, while the follower runs
    requireSame("dishes");
  }

  @Test
  void modelThatWasBuiltAnewWhileSyncAndFollowerWereAwayIsFilledAnew() throws Exception {
    onPrimary(
        "create table dish (id int primary key, v int); insert into dish select i, i from generate_series(1, 10) i");
    String header = "/*\nkey: id\nstores: [search]\n*/ ";
    model("dishes", header + "select id, v from dish where v > 5");
    sync = startSync();
    follow();
    requireSame("dishes");
    stopFollower();
    sync.close();
    model("dishes", header + "select id, v from dish where v <= 5");
    sync = startSync();
    await(
        () ->
            read("select count(*) from freshet.model where state = 'live' and declaration like '%<= 5'")
                .equals("1"));
    follow();
    requireSame("dishes");
  }

  @Test
  void tableThatWasAlteredWhileSyncAndFollowerWereAwayIsFilledAnew() throws Exception {
    onPrimary(
        "create table dish (id int primary key, v int); insert into dish select i, i from generate_series(1, 10) i");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, v from dish");
    sync = startSync();
    follow();
    requireSame("dishes");
    stopFollower();
    sync.close();
    onPrimary("alter table dish drop column v; alter table dish add column v int default 100");
    sync = startSync();
    awaitApplied();
    await(
        () ->
            !read("select to_regclass('read.dishes')").equals("null")
                && read("select count(*) from read.dishes where v = 100").equals("10")
                && read("select count(*) from freshet.model where state = 'live'").equals("1"));
    follow();
    requireSame("dishes");
  }

  @Test
  void storeThatIsKilledOrLostIsMended() throws Exception {
    onPrimary(
        "create table dish (id int primary key, name text, v int); insert into dish select i, 'n', 0 from generate_series(1, 2000) i");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, name, v from dish");
    sync = startSync();
    follow();
    requireSame("dishes");
    for (int kill = 0; kill < (Boolean.getBoolean("freshet.long") ? 25 : 2); kill++) {
      for (int i = 0; i < 5; i++) {
        onPrimary("update dish set v = v + 1");
        onPrimary("insert into dish values (%d, 'new', 1)".formatted(10_000 + kill * 10 + i));
      }
      node.kill();
      onPrimary("delete from dish where id = %d".formatted(kill + 1));
      await(this::isRetryingWithRowsThatWait);
      node.startAgain();
      node.awaitReady();
      requireSame("dishes");
    }
    client.send("DELETE", "/freshet.*", null);
    onPrimary("update dish set v = -1");
    requireSame("dishes");
  }

  private boolean isRetryingWithRowsThatWait() {
    FollowerState now = state;
    return now != null && now.phase() == FollowerState.Phase.RETRYING && now.pendingKeys() > 0;
  }

  @Test
  void deployableTellsHowItIs() throws Exception {
    onPrimary(
        "create table dish (id int primary key, name text); insert into dish values (1, 'a')");
    model("dishes", "/*\nkey: id\nstores: [search]\n*/ select id, name from dish");
    model(
        "lengths",
        "/*\nkey: n\nstores: [search]\n*/ select length(name)::numeric as n, count(*) as c from dish group by 1");
    sync = startSync();
    try (ConfigurableApplicationContext part = startDeployable()) {
      String url = "http://127.0.0.1:" + part.getEnvironment().getProperty("local.server.port");
      await(
          () ->
              body(url + "/api/follower")
                  .matches(".*\"dishes\"[^}]*served.*|.*served[^}]*\"dishes\".*"));
      assertThat(body(url + "/api/follower"))
          .contains(
              "\"state\":\"following\"",
              "\"pendingKeys\":0",
              "is of type numeric, of which equal values");
      assertThat(body(url + "/actuator/prometheus"))
          .contains(
              "freshet_store_lag_seconds{model=\"dishes\",store=\"search\"}",
              "freshet_store_batch_seconds_count",
              "freshet_store_pending_keys",
              "freshet_store_following{store=\"search\"} 1.0");
    }
  }

  @Test
  void comparisonFindsWhatDiffersFromTheReadDatabaseAtOnePlace() throws Exception {
    onPrimary(TYPES);
    onPrimary(insert(new Random(Long.getLong("freshet.seed", 7)), 0, 1_500));
    model("things", "/*\nkey: id\nstores: [search]\n*/ select * from thing");
    model(
        "texts",
        "/*\nkey: [t, s]\nstores: [search]\n*/ select t, s, count(*) as n from thing group by t, s");
    model(
        "flags",
        "/*\nkey: [b, c]\nstores: [search]\n*/ select b, c, count(*) as n from thing group by b, c");
    model("kept_out", "/* key: id */ select id from thing");
    sync = startSync();
    try (ConfigurableApplicationContext part = startDeployable()) {
      String url = "http://127.0.0.1:" + part.getEnvironment().getProperty("local.server.port");
      await(() -> body(url + "/api/follower").split("served", -1).length == 4);
      assertThat(verified(url, "things"))
          .contains("\"rows\":1500,\"missing\":0,\"extra\":0,\"different\":0");
      assertThat(verified(url, "texts")).contains("\"missing\":0,\"extra\":0,\"different\":0");
      assertThat(verified(url, "flags")).contains("\"missing\":0,\"extra\":0,\"different\":0");
      assertThat(verified(url, "kept_out")).contains("\"code\":\"unknown-model\"");

      onPrimary("update thing set s = 1 where id < 100"); // goes on while it is compared
      assertThat(verified(url, "things"))
          .contains("\"rows\":1500,\"missing\":0,\"extra\":0,\"different\":0");

      String alias = StoreNames.alias("things");
      String document = client.textOf("GET", "/%s/_doc/%%5B%%227%%22%%5D".formatted(alias), null);
      String source = String.valueOf(Json.members(document).get("_source"));
      client.send("PUT", "/%s/_doc/%%5B%%228%%22%%5D".formatted(alias), source);
      client.send("PUT", "/%s/_doc/%%5B%%22-1%%22%%5D".formatted(alias), source);
      client.send("DELETE", "/%s/_doc/%%5B%%229%%22%%5D".formatted(alias), null);
      client.send("DELETE", "/%s/_doc/%%5B%%2210%%22%%5D".formatted(alias), null);
      client.send("POST", "/%s/_refresh".formatted(alias), null);
      assertThat(verified(url, "things"))
          .contains("\"rows\":1499,\"missing\":2,\"extra\":1,\"different\":1");

      assertThat(read("select status->>'state' from freshet.store")).isEqualTo("following");
      assertThat(read("select status->>'position' from freshet.store")).contains(":");
    }
  }

  private static String verified(String url, String model) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create("%s/api/models/%s/verify".formatted(url, model)))
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private ConfigurableApplicationContext startDeployable() {
    return FollowBackend.start(
        Map.of(
            "server.port",
            0,
            "server.address",
            "127.0.0.1",
            "freshet.follow.read-database",
            url(readServer()),
            "freshet.follow.search",
            node.url()));
  }

  private static String body(String url) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** Waits until the store is at or past what is committed now, and compares. */
  private void requireSame(String... models) throws Exception {
    awaitApplied();
    Position wanted = Position.parse(read("select timeline || ':' || lsn from freshet.position"));
    for (String model : models) {
      await(
          () ->
              place() != null
                  && place().isAtOrPast(wanted)
                  && stored(model) != null
                  && isServed(model));
      List<String> expected = new ArrayList<>();
      try (Connection connection = connect(readServer());
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "select row_to_json(whole)::text from read.%s whole".formatted(model))) {
        while (row.next()) {
          expected.add(withoutWords(row.getString(1)));
        }
      }
      List<String> found = stored(model);
      assertThat(found).as(model).containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  private boolean isServed(String model) {
    FollowerState now = state;
    return now != null
        && now.models().containsKey(model)
        && now.models().get(model).stage() == FollowerState.Stage.SERVED;
  }

  private static String withoutWords(String row) {
    return row.replaceAll(",\"freshet: search\":(null|\"[^\"]*\")}", "}");
  }

  private static @Nullable Position place() {
    try {
      var hits =
          client
              .send("POST", "/%s/_search".formatted(StoreNames.PROGRESS), "{}")
              .path("hits")
              .path("hits");
      return hits.isEmpty() ? null : Progress.of(hits.path(0).path("_source")).place();
    } catch (SearchFailed e) {
      return null;
    }
  }

  /** The rows' JSON in the store; null where readers have none. */
  private static @Nullable List<String> stored(String model) {
    try {
      String answer =
          client.textOf(
              "POST", "/%s/_search".formatted(StoreNames.alias(model)), "{\"size\":10000}");
      List<String> rows = new ArrayList<>();
      for (String hit :
          Json.elements(
              String.valueOf(
                  Json.members(String.valueOf(Json.members(answer).get("hits"))).get("hits")))) {
        var members = Json.members(hit);
        if (!String.valueOf(members.get("_id")).equals("\"place\"")) {
          rows.add(RowDocument.row(Json.members(String.valueOf(members.get("_source")))));
        }
      }
      return rows;
    } catch (SearchFailed e) {
      return null;
    }
  }
}
