package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.Restaurant;
import dev.freshet.bench.UpProcess;
import dev.freshet.bench.process.ProjectHome;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WholeSystemIT {

  @TempDir static Path folder;

  private static UpProcess up;
  private static Restaurant restaurant;

  @BeforeAll
  static void start() {
    up = UpProcess.start(folder, 21_000);
    up.awaitReady();
    restaurant = new Restaurant(up.gateway());
  }

  @AfterAll
  static void stop() {
    assertThat(up.stop()).as(up.output()).isZero();
    assertThat(up.servers()).isEmpty();
    up.close();
  }

  /** As their author does, against what runs. */
  @Test
  void commandsAreListedCheckedTriedAndTested() throws Exception {
    assertThat(commands("list", "--url", "http://127.0.0.1:21010"))
        .returns(0, CommandLine.Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .containsPattern("place-order +POST /orders +ready")
                    .contains("PUT /orders/{id}/status"));
    assertThat(author("check"))
        .returns(0, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("6 of 6 commands can be given."));
    Path wrong =
        Files.writeString(
            folder.resolve("wrong.sql"), "/* request: POST /a */\nselect 1 as a from nowhere");
    assertThat(author("check", wrong.toString()))
        .returns(1, CommandLine.Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains(
                        "wrong.sql, line 2, column 20: relation \"nowhere\" does not exist",
                        "0 of 1 commands"));
    Path body =
        Files.writeString(
            folder.resolve("body.json"), "{\"name\":\"Tried\",\"price\":1.50,\"available\":true}");
    assertThat(author("try", "put-menu-item", "--path", "sku=tried", "--body", body.toString()))
        .returns(0, CommandLine.Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("It would answer 201, Location /menu/tried.")
                    .contains("\"price\" : 1.50")
                    .contains("insert into menu_item"));
    assertThat(restaurant.get("/menu/tried").statusCode()).isEqualTo(404);
    assertThat(author("try", "delete-menu-item", "--path", "sku=nothing"))
        .returns(1, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("It would answer 404."));
    assertThat(author("test"))
        .returns(0, CommandLine.Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("6 tests run, all passed."));
  }

  private static CommandLine.Ended author(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    Path sample = ProjectHome.path().resolve("infra/restaurant/commands");
    all.addAll(
        List.of(
            "--commands",
            sample.toString(),
            "--primary",
            "postgresql://postgres@127.0.0.1:21250/freshet"));
    return commands(all.toArray(String[]::new));
  }

  private static CommandLine.Ended commands(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("commands"));
    all.addAll(List.of(arguments));
    return CommandLine.run(
        Map.of("PGPASSFILE", folder.resolve("pgpass").toString()), all.toArray(String[]::new));
  }

  @Test
  void outputIsCalm() {
    assertThat(up.output().lines().count()).as(up.output()).isLessThan(25);
    assertThat(up.output()).contains(up.gateway()).doesNotContain("INFO", "WARN", "Exception");
  }

  @Test
  void writeLandsOnThePrimaryAndIsReadBackFromACopy() throws Exception {
    HttpResponse<String> placed = restaurant.placeOrder("Ada");
    assertThat(placed.statusCode()).isEqualTo(201);
    String order = placed.headers().firstValue("Location").orElseThrow();
    String token = placed.headers().firstValue("Freshet-Session").orElseThrow();

    HttpResponse<String> read = restaurant.get(order, "Freshet-Session", token);
    assertThat(read.body())
        .contains("\"status\":\"placed\"")
        .contains("\"total\":19.20")
        .contains("Pizza Margherita");
    assertThat(read.headers().firstValue("ETag").orElseThrow()).startsWith("\"v1-");
    assertThat(read.headers().map()).doesNotContainKey("freshet-position");

    HttpResponse<String> moved =
        restaurant.send(
            "PUT",
            order + "/status",
            "{\"status\":\"preparing\"}",
            "If-Match",
            read.headers().firstValue("ETag").orElseThrow());
    assertThat(moved.statusCode()).isEqualTo(200);
    HttpResponse<String> again =
        restaurant.get(
            order, "Freshet-Session", moved.headers().firstValue("Freshet-Session").orElseThrow());
    assertThat(again.body()).contains("\"status\":\"preparing\"");
  }

  @Test
  void everyKindOfCopyAnswersTheSame() throws Exception {
    HttpResponse<String> placed = restaurant.placeOrder("Grace");
    String order = placed.headers().firstValue("Location").orElseThrow();
    Copies.assertEqualRowByRow(up, 2);
    List<String> bodies = new ArrayList<>();
    for (int reader = 1; reader <= 4; reader++) {
      bodies.add(new Restaurant(up.reader(reader)).get(order).body());
    }
    assertThat(bodies)
        .allMatch(body -> body.equals(bodies.getFirst()))
        .first()
        .asString()
        .contains("Grace");
  }

  @Test
  void changeOfADishReachesTheOrdersThatHaveIt() throws Exception {
    HttpResponse<String> put =
        restaurant.send(
            "PUT", "/menu/polenta", "{\"name\":\"Polenta\",\"price\":7.5,\"available\":true}");
    assertThat(put.statusCode()).isEqualTo(201);
    HttpResponse<String> placed =
        restaurant.send(
            "POST",
            "/orders",
            "{\"kind\":\"dine-in\",\"table_no\":7,\"items\":[{\"sku\":\"polenta\",\"quantity\":3}]}");
    String order = placed.headers().firstValue("Location").orElseThrow();
    HttpResponse<String> renamed =
        restaurant.send(
            "PUT",
            "/menu/polenta",
            "{\"name\":\"Polenta e funghi\",\"price\":9,\"available\":true}");
    String token = renamed.headers().firstValue("Freshet-Session").orElseThrow();
    assertThat(restaurant.get(order, "Freshet-Session", token).body())
        .contains("Polenta e funghi")
        .contains("\"total\":22.50");
    assertThat(restaurant.get("/menu/polenta", "Freshet-Session", token).body())
        .contains("\"price\":9.00")
        .contains("\"sold\":3");
    Copies.assertEqualRowByRow(up, 2);
  }

  @Test
  void thousandOrdersByEightClientsAreEverywhereAndEqualRowByRow() throws Exception {
    Load load = Load.start(up.gateway(), 8, 125);
    load.await();
    assertThat(load.failures).isEmpty();
    assertThat(load.broken).hasValue(0);
    assertThat(load.acknowledged).hasSize(1_000).doesNotHaveDuplicates();
    try (Connection primary = up.primary()) {
      assertThat(
              Copies.single(primary, "select count(*) from orders where customer like 'client-%'"))
          .isEqualTo("1000");
    }
    Copies.assertEqualRowByRow(up, 2);
    // The primary is asked only when no copy got there in time, and says so.
    assertThat(load.sources.stream().filter(source -> source.contains("kind=primary")))
        .allMatch(source -> source.contains("reason=fallback"));
  }

  @Test
  void primaryAnswersNoReadWhileACopyIsFreshEnough() throws Exception {
    String token =
        restaurant.placeOrder("Ada").headers().firstValue("Freshet-Session").orElseThrow();
    Copies.assertEqualRowByRow(up, 2);
    for (int i = 0; i < 100; i++) {
      assertThat(
              restaurant
                  .get("/orders?limit=1")
                  .headers()
                  .firstValue("Freshet-Source")
                  .orElseThrow())
          .doesNotContain("kind=primary");
      assertThat(
              restaurant
                  .get("/orders?limit=1", "Freshet-Session", token)
                  .headers()
                  .firstValue("Freshet-Source")
                  .orElseThrow())
          .doesNotContain("kind=primary");
    }
  }

  @Test
  void readOfOnesOwnWriteFallsBackToThePrimaryWhileAllCopiesAreStuck() throws Exception {
    try (Connection first = up.replica(1);
        Connection second = up.replica(2);
        Connection readDatabase = up.readDatabase(1)) {
      Copies.single(first, "select pg_wal_replay_pause()");
      Copies.single(second, "select pg_wal_replay_pause()");
      readDatabase.setAutoCommit(false);
      Copies.single(readDatabase, "select 1 from freshet.position for update");
      try {
        HttpResponse<String> placed = restaurant.placeOrder("Stuck");
        String token = placed.headers().firstValue("Freshet-Session").orElseThrow();
        HttpResponse<String> read =
            restaurant.get(
                placed.headers().firstValue("Location").orElseThrow(), "Freshet-Session", token);
        assertThat(read.body()).contains("Stuck");
        assertThat(read.headers().firstValue("Freshet-Source"))
            .contains("primary-reads;kind=primary;reason=fallback");
      } finally {
        readDatabase.rollback();
        Copies.single(first, "select pg_wal_replay_resume()");
        Copies.single(second, "select pg_wal_replay_resume()");
      }
    }
    Copies.assertEqualRowByRow(up, 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "GET|/nothing||404|no-route",
        "GET|/orders?colour=eq.red||400|unknown-column",
        "GET|/orders?status=cs.x||400|unknown-operator",
        "GET|/orders?total=gt.much||400|bad-value",
        "GET|/orders/not-a-uuid||400|bad-value",
        "GET|/orders/6a1c1f2e-0000-4000-8000-00000000ffff||404|not-found",
        "POST|/orders|{\"kind\"|400|malformed-json",
        "POST|/orders|{\"kind\":\"takeaway\",\"customer\":\"A\",\"tip\":1,\"items\":[{\"sku\":\"margherita\",\"quantity\":1}]}|422|invalid",
        "POST|/orders|{\"kind\":\"takeaway\",\"customer\":\"A\",\"items\":[{\"sku\":\"fugu\",\"quantity\":1}]}|422|invalid",
        "DELETE|/board||405|method-not-allowed",
      })
  void badInputIsRefusedByCode(String method, String path, String body, int status, String code)
      throws Exception {
    HttpResponse<String> answer =
        restaurant.send(method, path, Objects.requireNonNullElse(body, ""));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
  }

  @Test
  void unknownModelOfAReadBackendIsNamed() throws Exception {
    HttpResponse<String> answer = new Restaurant(up.reader(1)).get("/nothing");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("unknown-model").contains("'nothing'");
  }

  @Test
  void syncThatLosesItsConnectionsGoesOn() throws Exception {
    try (Connection primary = up.primary();
        Connection readDatabase = up.readDatabase(1)) {
      Copies.single(
          primary,
          "select count(pg_terminate_backend(active_pid)) from pg_replication_slots where slot_type = 'logical'");
      restaurant.placeOrder("Cut");
      Copies.assertEqualRowByRow(up, 2);
      Copies.single(
          readDatabase,
          "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'freshet-sync%'");
      restaurant.placeOrder("Cut again");
      Copies.assertEqualRowByRow(up, 2);
    }
    Instant end = Instant.now().plus(Duration.ofSeconds(20));
    while (!new Restaurant(up.operators()).get("/api/status").body().contains("\"ok\":true")) {
      assertThat(Instant.now()).isBefore(end);
      LockSupport.parkNanos(20_000_000);
    }
  }

  @Test
  void noPasswordStandsInALogOrAtTheCommandLine() throws Exception {
    String password = Files.readString(folder.resolve("pgpass")).strip().replaceAll("(?s).*:", "");
    try (var logs = Files.walk(folder.resolve("logs"))) {
      assertThat(logs.filter(Files::isRegularFile))
          .isNotEmpty()
          .allSatisfy(log -> assertThat(Files.readString(log)).doesNotContain(password));
    }
    assertThat(up.process().info().arguments().map(List::of).orElse(List.of()))
        .noneMatch(argument -> argument.contains(password));
  }
}
