package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.process.ProjectHome;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The sample that keeps events: no money is made and none is lost, wherever one looks. */
class BankIT {

  private static final int ACCOUNTS = 10;
  private static final int CLIENTS = 8;
  private static final int TRANSFERS = 60;
  private static final int DEPOSIT = 1_000;
  private static final String PRIMARY = "postgresql://postgres@127.0.0.1:22250/freshet";
  private static final String READ_DATABASE = PRIMARY.replace("22250", "22270");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir static Path folder;

  private static UpProcess up;
  private static final HttpClient client = HttpClient.newHttpClient();

  @BeforeAll
  static void start() {
    up =
        UpProcess.start(
            folder,
            22_000,
            "--config",
            ProjectHome.path().resolve("infra/bank").toString(),
            "--replicas",
            "1");
    up.awaitReady();
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  private static HttpResponse<String> send(
      String method, String url, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(
        request
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void moneyIsNeitherMadeNorLostOnAnyCopyAtAnyPositionThatWasAnswered() throws Exception {
    for (int i = 0; i < ACCOUNTS; i++) {
      String account = up.gateway() + "/accounts/a" + i;
      assertThat(send("PUT", account, "{\"owner\":\"Owner\"}").statusCode()).isEqualTo(201);
      HttpResponse<String> paid =
          send("POST", account + "/deposits", "{\"amount\":%d}".formatted(DEPOSIT));
      assertThat(paid.statusCode()).as(paid.body()).isEqualTo(200);
    }
    AtomicInteger done = new AtomicInteger();
    AtomicInteger notEnough = new AtomicInteger();
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        int of = c;
        running.add(
            clients.submit(
                () -> {
                  Random random = new Random(of);
                  String token = "";
                  for (int i = 0; i < TRANSFERS; i++) {
                    HttpResponse<String> moved = transfer(random, of + "-" + i, token);
                    token = moved.headers().firstValue("Freshet-Session").orElseThrow();
                    switch (moved.statusCode()) {
                      case 200 -> done.incrementAndGet();
                      case 409 -> notEnough.incrementAndGet();
                      default -> throw new AssertionError(moved.body());
                    }
                    assertThat(sum(token)).isEqualByComparingTo("" + ACCOUNTS * DEPOSIT);
                  }
                  return null;
                }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    }
    assertThat(done.get()).isGreaterThan(TRANSFERS);
    assertThat(
            query(
                "select count(*) filter (where type = 'Sent') || ' ' || count(*) filter (where type = 'Received') from event"))
        .isEqualTo(done.get() + " " + done.get());
    assertThat(
            query(
                "select count(*) from (select from event group by stream having count(*) <> max(version) or min(version) <> 1) gaps"))
        .isEqualTo("0");
    assertThat(query("select min(balance) >= 0 from read.balance")).isEqualTo("t");
    String[] copies = {"--copy", PRIMARY.replace("22250", "22251"), "--copy", READ_DATABASE};
    assertThat(events("verify", copies))
        .returns(0, CommandLine.Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("22251/freshet: as on the primary")
                    .contains("22270/freshet: as on the primary"));
    assertThat(events("list", "a1"))
        .returns(0, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("Opened").contains("Deposited"));
    // What nobody but the tables' owner can do.
    try (Connection readDatabase = up.readDatabase(1);
        Statement statement = readDatabase.createStatement()) {
      statement.execute("update event set type = 'Found' where stream = 'a1' and version = 2");
      assertThat(events("verify", copies))
          .returns(1, CommandLine.Ended::status)
          .satisfies(ended -> assertThat(ended.output()).contains("version 2 of a1 is (a1,2,Dep"));
      statement.execute("delete from event where stream = 'a1' and version = 2");
      assertThat(events("verify", copies))
          .returns(1, CommandLine.Ended::status)
          .satisfies(ended -> assertThat(ended.output()).contains("it lacks version 2 of a1"));
    }
  }

  private static CommandLine.Ended events(String what, String... more) throws Exception {
    List<String> all = new ArrayList<>(List.of("events", what, "--primary", PRIMARY));
    all.addAll(List.of(more));
    return CommandLine.run(
        Map.of("PGPASSFILE", folder.resolve("pgpass").toString()), all.toArray(String[]::new));
  }

  /** Each request twice, as by a client that did not get the answer. */
  private static HttpResponse<String> transfer(Random random, String key, String token)
      throws Exception {
    int from = random.nextInt(ACCOUNTS);
    int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
    String body =
        "{\"from\":\"a%d\",\"to\":\"a%d\",\"amount\":%d.%02d}"
            .formatted(from, to, random.nextInt(DEPOSIT), 1 + random.nextInt(99));
    List<String> headers = new ArrayList<>(List.of("Idempotency-Key", key));
    if (!token.isEmpty()) {
      headers.addAll(List.of("Freshet-Session", token));
    }
    String[] all = headers.toArray(String[]::new);
    HttpResponse<String> first = send("POST", up.gateway() + "/transfers", body, all);
    if (first.statusCode() == 200) {
      HttpResponse<String> second = send("POST", up.gateway() + "/transfers", body, all);
      assertThat(second.body()).isEqualTo(first.body());
      assertThat(second.headers().firstValue("Idempotency-Replayed")).contains("true");
    }
    return first;
  }

  private static BigDecimal sum(String token) throws Exception {
    HttpResponse<String> answer =
        send("GET", up.gateway() + "/balance?select=balance.sum()", "", "Freshet-Session", token);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode rows = JSON.readTree(answer.body());
    return rows.get(0).get("sum").decimalValue();
  }

  private static String query(String sql) throws Exception {
    try (Connection connection = up.primary();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void eventsSayWhereTheyComeFromAndAreNotChanged() throws Exception {
    HttpResponse<String> opened =
        send(
            "PUT",
            up.gateway() + "/accounts/meta",
            "{\"owner\":\"O\"}",
            "X-Request-Id",
            "request-7",
            "X-Correlation-Id",
            "order-9");
    assertThat(opened.statusCode()).isEqualTo(201);
    assertThat(JSON.readTree(query("select meta from event where stream = 'meta'")))
        .isEqualTo(
            JSON.readTree(
                "{\"command\":\"open\",\"causation\":\"request-7\",\"correlation\":\"order-9\"}"));
    for (String change :
        List.of(
            "update event set type = 'x' where stream = 'meta'",
            "truncate event",
            "set role writer_of_a_kind; delete from event where stream = 'meta'")) {
      try (Connection connection = up.primary();
          Statement statement = connection.createStatement()) {
        statement.execute(
            "do $$ begin create role writer_of_a_kind; exception when duplicate_object then null; end $$; grant all on event to writer_of_a_kind");
        assertThat(catching(statement, change)).contains("Events are not changed");
      }
    }
    assertThat(query("select count(*) from event where stream = 'meta'")).isEqualTo("1");
  }

  private static String catching(Statement statement, String sql) {
    try {
      statement.execute(sql);
      return "nothing";
    } catch (SQLException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
