package dev.freshet.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Position;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class WriteBackendIT {

  /** Of the primary, by default. */
  private static final int CONNECTIONS = 16;

  private static final String PIZZA =
      """
      {"kind":"takeaway","customer":"Ada","items":[{"sku":"margherita","quantity":2}]}""";

  @TempDir static Path folder;

  private static Cluster cluster;
  private static ConfigurableApplicationContext backend;
  private static String base;
  private static final HttpClient client = HttpClient.newHttpClient();
  private static final JsonMapper json = new JsonMapper();

  @BeforeAll
  static void start() {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 16_440, false));
    Restaurant.migrate(cluster.primary());
    backend =
        WriteBackend.start(
            Map.of(
                "server.port",
                0,
                "server.address",
                "127.0.0.1",
                "freshet.operator-hosts",
                "prometheus.internal",
                "freshet.write.commands",
                Restaurant.COMMANDS,
                "freshet.write.primary",
                "postgresql://postgres:%s@127.0.0.1:%d/freshet"
                    .formatted(cluster.primary().url().password(), cluster.primary().port())));
    base = "http://127.0.0.1:" + backend.getEnvironment().getProperty("local.server.port");
  }

  @AfterAll
  static void stop() {
    backend.close();
    cluster.close();
  }

  @Test
  void placedOrderIsAnsweredWithItsTotalItsTagAndAPositionAtOrPastTheCommit() throws Exception {
    Position before = now();
    HttpResponse<String> answer = send("POST", "/orders", PIZZA);

    assertThat(answer.statusCode()).isEqualTo(201);
    JsonNode order = json.readTree(answer.body());
    assertThat(order.get("total").decimalValue()).isEqualByComparingTo("17.00");
    assertThat(answer.headers().firstValue("Location"))
        .contains("/orders/" + order.get("id").stringValue());
    assertThat(answer.headers().firstValue("ETag")).contains("\"v1\"");
    assertThat(position(answer)).isNotEqualTo(before);
    assertThat(position(answer).isAtOrPast(before)).isTrue();
    assertThat(now().isAtOrPast(position(answer))).isTrue();
  }

  @Test
  void refusalCarriesAPositionToo() throws Exception {
    Position before = now();
    HttpResponse<String> answer = send("POST", "/orders", "{}");
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(position(answer).isAtOrPast(before)).isTrue();
  }

  @Test
  void everyViolationIsNamedAtOnce() throws Exception {
    HttpResponse<String> answer =
        send(
            "POST",
            "/orders",
            """
            {"kind":"takeaway","table_no":"7","tip":1,"items":[{"sku":5,"quantity":0},{"quantity":1}]}""");
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = json.readTree(answer.body());
    assertThat(problem.get("type").stringValue()).isEqualTo("urn:freshet:invalid");
    assertThat(problem.get("errors").valueStream().map(e -> e.get("pointer").stringValue()))
        .contains(
            "/table_no", "/tip", "/customer", "/items/0/sku", "/items/0/quantity", "/items/1/sku");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST|/orders|{\"kind\":|400|malformed-json",
        "POST|/orders||400|malformed-json",
        "POST|/orders|{} {}|400|malformed-json",
        "POST|/orders|{\"kind\":\"takeaway\",\"kind\":\"dine-in\"}|400|malformed-json",
        "POST|/orders|[]|422|invalid",
        "PUT|/menu/x|{\"name\":\"x\",\"price\":1.005,\"available\":true}|422|invalid",
        "PUT|/menu/x|{\"name\":\"a\\u0000b\",\"price\":1,\"available\":true}|422|invalid",
        "DELETE|/menu/nothing||404|not-found",
        "PUT|/orders/not-a-uuid/status|{\"status\":\"ready\"}|404|not-found",
        "GET|/orders||404|not-found",
        "GET|/nowhere||404|not-found",
      })
  void badInputIsRefusedByCode(String method, String path, String body, int status, String code)
      throws Exception {
    HttpResponse<String> answer = send(method, path, body == null ? "" : body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(json.readTree(answer.body()).get("code").stringValue()).isEqualTo(code);
  }

  @Test
  void unknownDishIsPointedAt() throws Exception {
    HttpResponse<String> answer = send("POST", "/orders", PIZZA.replace("margherita", "fugu"));
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.body()).contains("/items/0/sku").contains("the menu has no 'fugu'");
  }

  @Test
  void orderMovesOnlyAlongItsStates() throws Exception {
    String order = place();
    assertThat(move(order, "served").statusCode()).isEqualTo(409);
    assertThat(move(order, "preparing").statusCode()).isEqualTo(200);
    assertThat(send("POST", order + "/items", "{\"sku\":\"espresso\",\"quantity\":1}").body())
        .contains("\"total\":19.20");
    assertThat(move(order, "ready").statusCode()).isEqualTo(200);
    assertThat(send("POST", order + "/items", "{\"sku\":\"espresso\",\"quantity\":1}").statusCode())
        .isEqualTo(409);
    assertThat(move(order, "served").statusCode()).isEqualTo(200);
    assertThat(send("DELETE", order, "").body()).contains("The order is served");
  }

  @Test
  void cancellingTwiceIsFine() throws Exception {
    String order = place();
    assertThat(send("DELETE", order, "").statusCode()).isEqualTo(204);
    assertThat(send("DELETE", order, "").statusCode()).isEqualTo(204);
  }

  @Test
  void ifMatchComparesTheVersionAlone() throws Exception {
    String order = place();
    assertThat(moveIfMatch(order, "preparing", "\"v2\"").statusCode()).isEqualTo(412);
    assertThat(moveIfMatch(order, "preparing", "W/\"v1\"").statusCode()).isEqualTo(412);
    assertThat(moveIfMatch(order, "preparing", "\"v1-0123abcd\"").statusCode()).isEqualTo(200);
    assertThat(moveIfMatch(order, "ready", "*").statusCode()).isEqualTo(200);
  }

  @Test
  void dishInAnOpenOrderStaysOnTheMenu() throws Exception {
    send("PUT", "/menu/polenta", "{\"name\":\"Polenta\",\"price\":7,\"available\":true}");
    String order =
        send("POST", "/orders", PIZZA.replace("margherita", "polenta"))
            .headers()
            .firstValue("Location")
            .orElseThrow();
    assertThat(send("DELETE", "/menu/polenta", "").statusCode()).isEqualTo(409);
    send("DELETE", order, "");
    assertThat(send("DELETE", "/menu/polenta", "").statusCode()).isEqualTo(204);
  }

  @Test
  void concurrentWritesToOneOrderAreNeverLost() throws Exception {
    String order = place();
    int writers = 16;
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      List<Callable<Integer>> writes =
          IntStream.range(0, writers)
              .<Callable<Integer>>mapToObj(
                  n ->
                      () ->
                          send("POST", order + "/items", "{\"sku\":\"espresso\",\"quantity\":1}")
                              .statusCode())
              .toList();
      for (Future<Integer> write : threads.invokeAll(writes)) {
        assertThat(write.get()).isEqualTo(200);
      }
    }
    assertThat(move(order, "preparing").body())
        .contains("\"version\":" + (writers + 2))
        .contains("\"total\":52.20"); // 2 pizzas at 8.50 and 16 espressos at 2.20
  }

  private static String place() throws Exception {
    return send("POST", "/orders", PIZZA).headers().firstValue("Location").orElseThrow();
  }

  private static HttpResponse<String> move(String order, String status) throws Exception {
    return send("PUT", order + "/status", "{\"status\":\"" + status + "\"}");
  }

  private static HttpResponse<String> moveIfMatch(String order, String status, String tag)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(base + order + "/status"))
            .header("If-Match", tag)
            .PUT(HttpRequest.BodyPublishers.ofString("{\"status\":\"" + status + "\"}"))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void commandThatWaitsForALockIsGivenUpWhenNobodyWaitsForItAnyMore() throws Exception {
    String order = send("POST", "/orders", PIZZA).headers().firstValue("Location").orElseThrow();
    String preparing = "{\"status\":\"preparing\"}";
    try (Connection other = cluster.primary().connect()) {
      other.setAutoCommit(false);
      execute(other, "select 1 from orders for update");
      HttpResponse<String> answer =
          send("PUT", order + "/status", preparing, "Freshet-Deadline", "400");
      assertThat(answer.statusCode()).isEqualTo(504);
      assertThat(answer.body()).contains("backend-timeout").contains("Nothing was written");
      assertThat(answer.headers().firstValue("Freshet-Position")).isPresent();
      other.rollback();
    }
    assertThat(send("PUT", order + "/status", preparing).statusCode()).isEqualTo(200);
  }

  @Test
  void busyConnectionsAreSaidToBeAndThePositionIsToldAllTheSame() throws Exception {
    String order = send("POST", "/orders", PIZZA).headers().firstValue("Location").orElseThrow();
    String preparing = "{\"status\":\"preparing\"}";
    try (Connection other = cluster.primary().connect();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      other.setAutoCommit(false);
      execute(other, "select 1 from orders for update");
      List<Future<HttpResponse<String>>> sent = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS + 1; i++) {
        sent.add(clients.submit(() -> send("PUT", order + "/status", preparing)));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> sent.stream().anyMatch(Future::isDone));
      HttpResponse<String> refused =
          sent.stream().filter(Future::isDone).findFirst().orElseThrow().get();
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body()).contains("No connection to the primary is free");
      assertThat(send("GET", "/.freshet/position", "").body()).contains("\"ready\":true");
      other.rollback();
      for (Future<HttpResponse<String>> one : sent) {
        assertThat(one.get().statusCode()).isIn(200, 409, 503);
      }
    }
  }

  @Test
  void primaryThatIsOutOfDiskIsSaidToBeAndIsWrittenToAgainOnceItIsNot() throws Exception {
    try (Connection admin = cluster.primary().connect()) {
      execute(
          admin,
          """
          create function out_of_disk() returns trigger language plpgsql as
          $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$
          """);
      execute(
          admin,
          "create trigger out_of_disk before insert on orders for each row execute function out_of_disk()");
      HttpResponse<String> answer = send("POST", "/orders", PIZZA);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("database-unavailable").contains("out of disk");
      assertThat(answer.headers().firstValue("Retry-After")).contains("1");
      execute(admin, "drop function out_of_disk() cascade");
    }
    assertThat(send("POST", "/orders", PIZZA).statusCode()).isEqualTo(201);
  }

  private static void execute(Connection connection, String sql) throws Exception {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static HttpResponse<String> send(
      String method, String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(
        request
            .header("Content-Type", "application/json")
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static Position position(HttpResponse<String> answer) {
    return Position.parse(answer.headers().firstValue("Freshet-Position").orElseThrow());
  }

  private static Position now() throws Exception {
    try (Connection connection = cluster.primary().connect()) {
      return PrimaryPosition.ask(connection);
    }
  }

  /** Operators' metrics on the port that gateways ask, and those ask by any name. */
  @Test
  void metricsAskForHostAndOriginAndNothingElseDoes() throws Exception {
    for (String path :
        List.of(
            "/actuator",
            "/actuator/prometheus",
            "/actuator/health",
            "/%61ctuator/prometheus",
            "/actuator;x/prometheus")) {
      assertThat(status(path, "evil.test")).as(path).isEqualTo(421);
    }
    assertThat(status("/actuator/prometheus", "localhost\r\nOrigin: http://evil.test"))
        .isEqualTo(403);
    for (String open :
        List.of("/actuator/health/liveness", "/actuator/health/readiness", "/.freshet/position")) {
      assertThat(status(open, "backend-1.internal")).as(open).isEqualTo(200);
    }
    assertThat(status("/actuator/prometheus", "127.0.0.1")).isEqualTo(200);
    assertThat(status("/actuator/prometheus", "Prometheus.internal:9090")).isEqualTo(200);
  }

  private static int status(String path, String host) throws Exception {
    int port = backend.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                  .formatted(path, host)
                  .getBytes(StandardCharsets.US_ASCII));
      String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
    }
  }
}
