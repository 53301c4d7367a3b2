package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.Lsn;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.server.support.RouterFunctionMapping;

class OperationsIT extends SyncTest {

  @BeforeEach
  void start() throws Exception {
    onPrimary(
        """
        create table orders (id int primary key, customer int, amount numeric(10, 2));
        insert into orders select g, g % 10, g from generate_series(1, 100) g;
        """);
    model("orders", "/* key: id */ select o.id, o.customer, o.amount from orders o");
    model(
        "spent",
        "/* key: customer */ select o.customer, sum(o.amount) as amount, 100 / nullif(min(o.amount), -1) as share from orders o group by o.customer");
    sync = startSync();
    awaitInStep("orders", "spent");
  }

  @Test
  void pausedSyncAppliesNothingUntilResumedOverARestartToo() throws Exception {
    assertThat(send("POST", "/api/sync/pause").statusCode()).isEqualTo(200);
    awaitState("paused");
    onPrimary("insert into orders values (500, 1, 1)");
    sync.close();
    sync = startSync();
    awaitState("paused");
    assertThat(read("select count(*) from read.orders")).isEqualTo("100");
    long held = retained();
    onPrimary("insert into orders select i, 1, 1 from generate_series(1000, 5000) i");
    await(() -> retained() > held + 100_000);
    onPrimary("delete from orders where id >= 1000");
    assertThat(send("POST", "/api/sync/resume").statusCode()).isEqualTo(200);
    awaitInStep("orders", "spent");
  }

  /** As the status tells it. */
  private long retained() throws Exception {
    Matcher told = Pattern.compile("\"slotRetainedBytes\":(\\d+)").matcher(get("/api/sync"));
    return told.find() ? Long.parseLong(told.group(1)) : 0;
  }

  @Test
  void slotIsConfirmedUpToWhatWasAppliedSoThatTheSourceCanLetGoOfItsLog() throws Exception {
    onPrimary("update orders set amount = amount + 1");
    awaitApplied();
    Lsn applied = Lsn.parse(read("select lsn from freshet.position"));
    String confirmed =
        "select confirmed_flush_lsn from pg_replication_slots where slot_name = '%s'"
            .formatted(slot());
    await(() -> Lsn.parse(query(primary(), confirmed)).compareTo(applied) >= 0);
  }

  @Test
  void verifyFindsWhatIsMissingExtraAndDifferentAndRebuildMendsIt() throws Exception {
    assertThat(send("POST", "/api/models/orders/verify").body())
        .isEqualTo("{\"model\":\"orders\",\"rows\":100,\"missing\":0,\"extra\":0,\"different\":0}");
    execute(
        readServer(),
        """
        delete from read.orders where id <= 2; insert into read.orders values (-1, 1, 1);
        update read.orders set amount = 0 where id in (10, 11, 12);
        """);
    assertThat(send("POST", "/api/models/orders/verify").body())
        .isEqualTo("{\"model\":\"orders\",\"rows\":99,\"missing\":2,\"extra\":1,\"different\":3}");
    assertThat(send("POST", "/api/models/orders/verify?source=true").body())
        .isEqualTo(
            "{\"model\":\"orders\",\"rows\":99,\"missing\":2,\"extra\":1,\"different\":3,"
                + "\"tables\":[{\"table\":\"public.orders\",\"rows\":100,\"missing\":0,\"extra\":0,\"different\":0}]}");
    execute(readServer(), "update public.orders set customer = 99 where id = 50");
    assertThat(send("POST", "/api/models/spent/verify?source=true").body())
        .contains(
            "\"table\":\"public.orders\",\"rows\":100,\"missing\":0,\"extra\":0,\"different\":1");
    execute(
        readServer(),
        "update public.orders set customer = 0 where id = 50; grant select on read.orders to pg_monitor");
    assertThat(send("POST", "/api/models/orders/rebuild").statusCode()).isEqualTo(200);
    await(
        () ->
            send("POST", "/api/models/orders/verify")
                .body()
                .contains("\"missing\":0,\"extra\":0,\"different\":0"));
    assertThat(read("select has_table_privilege('pg_monitor', 'read.orders', 'select')"))
        .isEqualTo("t");
    assertThat(send("POST", "/api/models/nowhere/verify").statusCode()).isEqualTo(404);
    assertThat(send("POST", "/api/models/nowhere/rebuild").statusCode()).isEqualTo(404);
  }

  @Test
  void rebuildCopiesTablesAgainWhoseCopiesDifferFromTheSource() throws Exception {
    execute(readServer(), "update public.orders set amount = 77 where id = 5");
    String copied =
        "select coalesce((select oid from pg_class where oid = to_regclass('public.orders')), 0)";
    String before = read(copied);
    assertThat(send("POST", "/api/models/orders/rebuild").statusCode()).isEqualTo(200);
    await(() -> !Set.of(before, "0").contains(read(copied)));
    awaitInStep("orders", "spent");
  }

  @Test
  void changeThatTheReadTableRefusesWaitsAndTheOthersGoOn() throws Exception {
    execute(readServer(), "alter table read.orders add check (amount < 1000)");
    onPrimary("update orders set amount = 5000 where id = 7");
    onPrimary("insert into orders values (200, 3, 3)");
    awaitApplied();
    assertThat(read("select state from freshet.model where name = 'orders'")).isEqualTo("faulty");
    assertThat(read("select amount from read.orders where id = 200")).isEqualTo("3.00");
    assertThat(get("/api/dead-letters"))
        .contains("\"id\":1,\"model\":\"orders\",\"table\":null,\"key\":[\"7\"]")
        .contains("violates check constraint");
    assertThat(get("/actuator/prometheus")).contains("freshet_dead_letters{");
    awaitInStep("spent");
    HttpResponse<String> refused = send("POST", "/api/dead-letters/1/retry");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("still refuses it");

    execute(readServer(), "alter table read.orders drop constraint orders_amount_check");
    assertThat(send("POST", "/api/dead-letters/1/retry").statusCode()).isEqualTo(200);
    awaitInStep("orders", "spent");
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
    assertThat(send("POST", "/api/dead-letters/1/retry").statusCode()).isEqualTo(404);
  }

  @Test
  void lettersOfAModelGoWithIt() throws Exception {
    execute(readServer(), "alter table read.orders add check (amount < 1000)");
    onPrimary("update orders set amount = 5000 where id = 7");
    awaitApplied();
    assertThat(get("/api/dead-letters")).contains("\"model\":\"orders\"");
    Files.delete(folder.resolve("models/orders.sql"));
    await(() -> !get("/api/models").contains("\"orders\""));
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
  }

  @Test
  void modelThatIsStoppedIsNotVerifiedAndTheReasonIsTold() throws Exception {
    model("broken", "/* key: id */ select o.id from orders o where\n  o.id grup by o.id");
    await(
        () ->
            read("select count(*) from freshet.model where name = 'broken' and state = 'stopped'")
                .equals("1"));
    HttpResponse<String> refused = send("POST", "/api/models/broken/verify");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("Model broken is stopped.").contains("in line 2, column");
  }

  @Test
  void rowThatTheMirrorRefusesIsKeptAndASelectThatFailsForOneKeyStopsThatKeyAlone()
      throws Exception {
    execute(readServer(), "alter table public.orders add check (customer < 100)");
    onPrimary("begin; insert into orders values (300, 500, 1), (301, 1, 1); commit");
    onPrimary("update orders set amount = 0 where id = 5");
    awaitApplied();
    assertThat(get("/api/dead-letters"))
        .contains("\"table\":\"public.orders\",\"key\":[\"300\"]")
        .as("masked")
        .contains("\"row\":[\"3 chars\",\"3 chars\",\"4 chars\"]")
        .contains("\"model\":\"spent\",\"table\":null,\"key\":[\"5\"]")
        .contains("division by zero");
    assertThat(read("select count(*) from freshet.model where state = 'faulty'")).isEqualTo("2");
    execute(readServer(), "alter table public.orders drop constraint orders_customer_check");
    onPrimary("update orders set amount = 2 where id in (5, 300)");
    awaitInStep("orders", "spent");
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
  }

  @Test
  void discardedLetterIsComputedAnewFromWhatIsThere() throws Exception {
    execute(readServer(), "alter table public.orders add constraint few check (customer < 100)");
    onPrimary("update orders set customer = 500 where id = 9");
    awaitApplied();
    assertThat(send("POST", "/api/dead-letters/1/discard").statusCode()).isEqualTo(200);
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
    await(() -> read("select count(*) from freshet.model where state = 'live'").equals("2"));
    assertThat(read("select customer from read.orders where id = 9")).isEqualTo("9");
  }

  @Test
  void largeValueThatAChangeLeavesAsItIsComesFromTheRefusedRowBeforeIt() throws Exception {
    String large = "(select string_agg(md5(g::text), '') from generate_series(1, 1000) g)";
    onPrimary("create table page (id int primary key, n int, body text)");
    onPrimary("insert into page values (1, 1, 'small')");
    model("pages", "/* key: id */ select p.id, p.n, p.body from page p");
    awaitInStep("pages");
    execute(readServer(), "alter table page add constraint few check (n < 100)");
    onPrimary("insert into page values (2, 500, %s)".formatted(large));
    onPrimary("update page set n = 500, body = %s where id = 1".formatted(large));
    // The body stays where it is stored apart, and is not sent.
    onPrimary("update page set n = n + 1");
    awaitApplied();
    assertThat(read("select count(*) from freshet.dead_letter where length(row) > 30000"))
        .isEqualTo("2");
    execute(readServer(), "alter table page drop constraint few");
    onPrimary("update page set n = n + 1");
    awaitInStep("pages");
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
  }

  @Test
  void changeOfARowThatWasGivenUpIsRefusedWhereItsLargeValueIsUnknown() throws Exception {
    onPrimary("create table page (id int primary key, n int, body text)");
    model("pages", "/* key: id */ select p.id, p.n, p.body from page p");
    awaitInStep("pages");
    execute(readServer(), "alter table page add constraint few check (n < 100)");
    onPrimary(
        "insert into page select 1, 500, string_agg(md5(g::text), '') from generate_series(1, 1000) g");
    awaitApplied();
    assertThat(send("POST", "/api/dead-letters/1/discard").statusCode()).isEqualTo(200);
    onPrimary("update page set n = 5");
    onPrimary("insert into page values (2, 2, 'small')");
    awaitApplied();
    assertThat(get("/api/dead-letters")).contains("left its large values as they were");
    assertThat(send("POST", "/api/dead-letters/2/retry").statusCode()).isEqualTo(409);
    onPrimary("update page set body = 'again' where id = 1");
    awaitInStep("pages", "orders");
  }

  @Test
  void rebuildOfAModelThatALetterTouchesCopiesItsTableAgain() throws Exception {
    execute(readServer(), "alter table public.orders add constraint few check (customer < 100)");
    onPrimary("update orders set customer = 500 where id = 9");
    awaitApplied();
    assertThat(read("select state from freshet.model where name = 'orders'")).isEqualTo("faulty");
    assertThat(send("POST", "/api/models/orders/rebuild").statusCode()).isEqualTo(200);
    awaitInStep("orders", "spent");
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
  }

  @Test
  void modelStaysFaultyOverARefusedDeclarationAsLongAsALetterWaits() throws Exception {
    execute(readServer(), "alter table public.orders add constraint few check (customer < 100)");
    onPrimary("update orders set customer = 500 where id = 9");
    awaitApplied();
    String state = "select state from freshet.model where name = 'orders'";
    assertThat(read(state)).isEqualTo("faulty");
    model("orders", "/* key: id */ select o.id, o.nothing from orders o");
    await(
        () ->
            read("select reason from freshet.model where name = 'orders'").contains("dead letters")
                || read(state).equals("live"));
    assertThat(read(state)).isEqualTo("faulty");
  }

  @Test
  void affectsThatTheReadDatabaseDoesNotUnderstandRefusesTheModelAtOnce() throws Exception {
    model(
        "latest",
        "/*\nkey: id\naffects:\n  orders: select nothing from orders where id = :id\n*/\nselect o.id, (select max(p.amount) from orders p where p.customer = o.customer) as most from orders o");
    await(
        () ->
            read("select coalesce(max(reason), '') from freshet.model where name = 'latest'")
                .contains("nothing"));
    assertThat(read("select state from freshet.model where name = 'latest'")).isEqualTo("stopped");
    onPrimary("update orders set amount = 3 where id = 3");
    awaitInStep("orders", "spent");
  }

  @Test
  void everyEndpointAsksForHostAndOriginButTheProbes() throws Exception {
    List<String> endpoints = new ArrayList<>(List.of("GET /actuator", "GET /actuator/prometheus"));
    Matcher route =
        Pattern.compile("\\((GET|POST) && (/\\S+)\\)")
            .matcher(
                sync.getBeansOfType(RouterFunctionMapping.class).values().stream()
                    .map(mapping -> String.valueOf(mapping.getRouterFunction()))
                    .collect(Collectors.joining("\n")));
    while (route.find()) {
      endpoints.add(route.group(1) + " " + route.group(2).replaceAll("\\{[^/]*}", "1"));
    }
    assertThat(endpoints)
        .contains(
            "GET /api/sync", "GET /api/models", "POST /api/sync/pause", "GET /api/dead-letters")
        .hasSizeGreaterThan(8);
    for (String endpoint : endpoints) {
      assertThat(status(endpoint, "Host: babe.de:8110")).as(endpoint).isEqualTo(421);
      assertThat(status(endpoint, "Host: localhost:1\r\nOrigin: http://localhost:2"))
          .as(endpoint)
          .isEqualTo(403);
    }
    assertThat(status("GET /actuator/health/liveness", "Host: evil.test")).isEqualTo(200);
    assertThat(status("GET /api/sync", "Host: [::1]:8110")).isEqualTo(200);
    assertThat(send("GET", "/api/sync/pause").statusCode()).isGreaterThanOrEqualTo(400);
  }

  /** The status of an answer to a request that no client library would send. */
  private int status(String request, String headers) throws Exception {
    int port = sync.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "%s HTTP/1.1\r\n%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                  .formatted(request, headers)
                  .getBytes(StandardCharsets.US_ASCII));
      String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
    }
  }
}
