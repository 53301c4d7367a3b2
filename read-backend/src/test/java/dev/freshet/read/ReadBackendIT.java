package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;

class ReadBackendIT {

  private static final String ID = "6a1c1f2e-0000-4000-8000-000000000001";

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;
  private static ConfigurableApplicationContext primary;
  private static ConfigurableApplicationContext replica;
  private static ConfigurableApplicationContext readDatabase;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 1, 1, 17_440, false));
    execute(
        cluster.primary(),
        """
        create schema read;
        create table orders (id uuid primary key, status text, version bigint, total numeric(10,2));
        insert into orders values ('%s', 'placed', 3, 17.50);
        insert into orders select gen_random_uuid(), 'served', 1, n from generate_series(1, 30) n;
        create view read.orders as select * from orders;
        comment on view read.orders is '{"freshet": {"key": ["id"], "version": "version"}}';
        create table read."odd ""name\""" ("a b" int, c text, primary key ("a b", c));
        insert into read."odd ""name\""" values (1, 'x/y');
        """
            .formatted(ID));
    execute(
        cluster.readDatabases().getFirst(),
        """
        create schema read;
        create schema freshet;
        create table freshet.position (system_identifier text default '17', lsn pg_lsn, timeline int, state text,
          applied_at timestamptz, committed_at timestamptz);
        insert into freshet.position (lsn, timeline, state, committed_at, applied_at)
          values ('0/100', 1, 'streaming', now(), now());
        create table read.orders (id int primary key);
        create table freshet.model (name text, state text);
        insert into freshet.model values ('orders', 'live'), ('coming', 'building');
        """);
    primary = start(cluster.primary(), "primary");
    replica = start(cluster.replicas().getFirst(), "replica");
    readDatabase = start(cluster.readDatabases().getFirst(), "read-database");
    Position written = now();
    for (ConfigurableApplicationContext backend :
        new ConfigurableApplicationContext[] {primary, replica}) {
      assertThat(get(backend, "/orders?limit=1", written, 10_000).statusCode()).isEqualTo(200);
    }
  }

  private static ConfigurableApplicationContext start(PostgresServer source, String kind) {
    return TestBackend.start(
        source,
        kind,
        Map.of("freshet.operator-hosts", "prometheus.internal", "freshet.read.row-cap", 20));
  }

  @AfterAll
  static void stop() {
    primary.close();
    replica.close();
    readDatabase.close();
    cluster.close();
  }

  @Test
  void rowByKeyIsAnObjectWithItsVersionInTheTag() throws Exception {
    HttpResponse<String> answer = get(replica, "/orders/" + ID);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body())
        .isEqualTo(
            "{\"id\":\"%s\",\"status\":\"placed\",\"version\":3,\"total\":17.50}".formatted(ID));
    String tag = answer.headers().firstValue("ETag").orElseThrow();
    assertThat(tag).matches("\"v3-[0-9a-f]{8}\"");
    assertThat(answer.headers().firstValue("Freshet-Position")).isPresent();

    HttpResponse<String> unchanged =
        client.send(
            HttpRequest.newBuilder(TestBackend.uri(replica, "/orders/" + ID))
                .header("If-None-Match", tag)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(unchanged.statusCode()).isEqualTo(304);
    assertThat(unchanged.headers().firstValue("Freshet-Position")).isPresent();
  }

  @Test
  void copiesAnswerTheSame() throws Exception {
    String query = "/orders?status=in.(placed,served)&order=status&limit=15";
    assertThat(get(replica, query).body()).isEqualTo(get(primary, query).body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/orders?select=total&status=eq.placed|[{\"total\":17.50}]|0-0/1",
        "/orders?select=total&total=gte.29&order=total.desc|[{\"total\":30.00}, {\"total\":29.00}]|0-1/2",
        "/orders?status=eq.nothing|[]|*/0",
        "/orders?limit=0|[]|*/*",
        "/odd%20%22name%22|[{\"a b\":1,\"c\":\"x/y\"}]|0-0/1",
      })
  void listIsAnsweredWithItsPlaceAmongAll(String path, String body, String range) throws Exception {
    HttpResponse<String> answer = get(primary, path);
    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.headers().firstValue("Content-Range")).contains(range);
  }

  @Test
  void capIsSaidByAnUnknownTotal() throws Exception {
    HttpResponse<String> answer = get(primary, "/orders?limit=500");
    assertThat(answer.headers().firstValue("Content-Range")).contains("0-19/*");
  }

  @Test
  void compositeKeyHasASegmentAColumn() throws Exception {
    assertThat(get(primary, "/odd%20%22name%22/1/x%2Fy").statusCode()).isEqualTo(200);
    assertThat(get(primary, "/odd%20%22name%22/1").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/nothing|404|unknown-model",
        "/orders/6a1c1f2e-0000-4000-8000-00000000ffff|404|not-found",
        "/orders/x|400|bad-value",
        "/orders?total=eq.much|400|bad-value",
        "/orders?total=like.1|400|unknown-operator",
        "/orders?colour=eq.red|400|unknown-column",
        "/orders?status=cs.x|400|unknown-operator",
        "/orders?status=is.true|400|bad-value",
        "/orders/" + ID + "?limit=1|400|bad-request",
        "/orders?status=eq.a%00b|400|bad-value",
      })
  void badInputIsRefusedByCode(String path, int status, String code) throws Exception {
    HttpResponse<String> answer = get(primary, path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    assertThat(answer.headers().firstValue("Freshet-Position")).isPresent();
  }

  /** One that says that it is not ready gets no requests, and it may be the only writer. */
  @Test
  void sourceThatIsBusyForAMomentIsNotToldAsNotReady() throws Exception {
    assertThat(get(primary, "/.freshet/position").body()).contains("\"ready\":true");
    String server;
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                "select pid from pg_stat_activity where application_name = 'primary-1-position'")) {
      assertThat(found.next()).isTrue();
      server = found.getString(1);
    }
    signal("STOP", server);
    CompletableFuture<HttpResponse<String>> asked;
    try {
      asked =
          client.sendAsync(
              HttpRequest.newBuilder(TestBackend.uri(primary, "/.freshet/position")).build(),
              HttpResponse.BodyHandlers.ofString());
      LockSupport.parkNanos(Duration.ofMillis(800).toNanos());
    } finally {
      signal("CONT", server);
    }
    assertThat(asked.get().body()).contains("\"ready\":true");
  }

  private static void signal(String name, String process) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, process).start().waitFor()).isZero();
  }

  @Test
  void replicaThatIsBehindSaysSoAndThenGetsThere() throws Exception {
    PostgresServer source = cluster.replicas().getFirst();
    execute(source, "select pg_wal_replay_pause()");
    Position written;
    CompletableFuture<HttpResponse<String>> waiting;
    try {
      execute(cluster.primary(), "update orders set version = version");
      written = now();
      HttpResponse<String> behind = get(replica, "/orders?limit=1", written, 20);
      assertThat(behind.statusCode()).isEqualTo(503);
      assertThat(behind.body()).contains("not-caught-up");
      assertThat(position(behind).isAtOrPast(written)).isFalse();
      waiting =
          client.sendAsync(
              request(replica, "/orders?limit=1", written, 10_000),
              HttpResponse.BodyHandlers.ofString());
    } finally {
      execute(source, "select pg_wal_replay_resume()");
    }
    HttpResponse<String> arrived = waiting.get();
    assertThat(arrived.statusCode()).isEqualTo(200);
    assertThat(position(arrived).isAtOrPast(written)).isTrue();
  }

  @Test
  void readDatabaseIsReadAtThePositionThatWasAppliedAndAsksForAPing() throws Exception {
    PostgresServer source = cluster.readDatabases().getFirst();
    try (Connection listener = source.connect();
        Statement statement = listener.createStatement()) {
      statement.execute("listen freshet_wanted");
      CompletableFuture<HttpResponse<String>> waiting =
          client.sendAsync(
              request(readDatabase, "/orders", new Position(1, Lsn.parse("0/200")), 10_000),
              HttpResponse.BodyHandlers.ofString());
      org.postgresql.PGNotification[] wanted =
          listener.unwrap(org.postgresql.PGConnection.class).getNotifications(10_000);
      assertThat(wanted[0].getParameter()).isEqualTo("0/200");
      execute(source, "update freshet.position set lsn = '0/208'");
      assertThat(waiting.get().statusCode()).isEqualTo(200);
      assertThat(position(waiting.get())).hasToString("1:0/208");
    }
    execute(source, "update freshet.model set state = 'stopped' where name = 'orders'");
    assertThat(get(readDatabase, "/orders").statusCode()).isEqualTo(503);
    execute(source, "update freshet.model set state = 'live' where name = 'orders'");
    assertThat(get(readDatabase, "/orders").statusCode()).isEqualTo(200);
    assertThat(get(readDatabase, "/coming").statusCode()).isEqualTo(503);
    assertThat(get(readDatabase, "/nowhere").statusCode()).isEqualTo(404);

    execute(source, "update freshet.position set state = 'snapshot'");
    assertThat(get(readDatabase, "/orders").statusCode()).isEqualTo(503);
    execute(source, "update freshet.position set state = 'streaming'");
  }

  @Test
  void modelThatChangedUnderneathIsReadAnew() throws Exception {
    execute(cluster.primary(), "create table read.changing (id int primary key)");
    // The catalogue is read again at most ten times a second.
    Instant end = Instant.now().plusSeconds(20);
    while (get(primary, "/changing").statusCode() != 200) {
      assertThat(Instant.now()).isBefore(end);
    }
    assertThat(get(primary, "/changing").body()).isEqualTo("[]");
    execute(
        cluster.primary(),
        "drop table read.changing; create table read.changing (id int primary key, name text); insert into read.changing values (1, 'a')");
    assertThat(get(primary, "/changing?id=eq.1").body()).isEqualTo("[{\"id\":1,\"name\":\"a\"}]");
  }

  @Test
  void positionEndpointTellsWhichSystemAndOfAPrimaryItsHistory() throws Exception {
    String system =
        "\"systemIdentifier\":\"%s\""
            .formatted(ask("select system_identifier from pg_control_system()"));
    assertThat(get(primary, "/.freshet/position").body()).contains(system, "\"history\":\"\"");
    assertThat(get(replica, "/.freshet/position").body()).contains(system, "\"history\":null");
    assertThat(get(readDatabase, "/.freshet/position").body())
        .contains("\"systemIdentifier\":\"17\"");
  }

  @Test
  void primaryIsAskedAnewForItsPosition() throws Exception {
    for (int i = 0; i < 50; i++) {
      execute(cluster.primary(), "update orders set version = version");
      Position written = now();
      Position told =
          Position.parse(
              get(primary, "/.freshet/position")
                  .body()
                  .replaceFirst(".*\"position\":\"([^\"]+)\".*", "$1"));
      assertThat(told.isAtOrPast(written)).isTrue();
    }
  }

  /** Of 16 connections; the position has one of its own. */
  @Test
  void busyConnectionsAreSaidToBeAndThePositionIsToldAllTheSame() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
    try (Connection other = cluster.primary().connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("lock table orders in access exclusive mode");
      for (int i = 0; i < 20; i++) {
        asked.add(
            client.sendAsync(
                HttpRequest.newBuilder(TestBackend.uri(primary, "/orders?limit=1")).build(),
                HttpResponse.BodyHandlers.ofString()));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(4))
          .until(() -> asked.stream().filter(CompletableFuture::isDone).count() >= 4);
      assertThat(get(primary, "/.freshet/position").body()).contains("\"ready\":true");
      other.rollback();
    }
    // On a slow machine some are ended by their own timeout first.
    assertThat(asked)
        .extracting(answer -> answer.get().statusCode())
        .contains(200)
        .isSubsetOf(200, 503, 504);
    assertThat(asked)
        .extracting(CompletableFuture::get)
        .filteredOn(answer -> answer.statusCode() == 503)
        .isNotEmpty()
        .allSatisfy(
            refused -> {
              assertThat(refused.body()).contains("database-unavailable", "No connection");
              assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
              assertThat(refused.headers().firstValue("Freshet-Position")).isEmpty();
            });
  }

  @Test
  void queryIsGivenUpWhenNobodyWaitsForItAnyMoreAndTheNextHasItsWholeTime() throws Exception {
    execute(
        cluster.primary(), "create view read.slow as select 1 as id, pg_sleep(0.6)::text as slept");
    Awaitility.await().until(() -> get(primary, "/slow").statusCode() == 200);
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> givenUp =
          client.send(
              HttpRequest.newBuilder(TestBackend.uri(primary, "/slow"))
                  .header("Freshet-Deadline", "200")
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(givenUp.statusCode()).isEqualTo(504);
      assertThat(givenUp.body()).contains("backend-timeout");
      assertThat(get(primary, "/slow").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void queryEndsWhenItsClientGoesAway() throws Exception {
    execute(
        cluster.primary(),
        "create view read.endless as select 1 as id, pg_sleep(4)::text as slept");
    Awaitility.await().until(() -> get(primary, "/endless?limit=0").statusCode() == 200);
    CompletableFuture<HttpResponse<String>> asked =
        client.sendAsync(
            HttpRequest.newBuilder(TestBackend.uri(primary, "/endless"))
                .version(HttpClient.Version.HTTP_1_1)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    Awaitility.await().until(() -> running("endless") == 1);
    long started = System.nanoTime();
    asked.cancel(true);
    Awaitility.await().until(() -> running("endless") == 0);
    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(3));
  }

  private static int running(String model) throws Exception {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%%\"%s\"%%'"
                    .formatted(model))) {
      row.next();
      return row.getInt(1);
    }
  }

  @Test
  void pipelinedRequestsDoNotStallTheirConnection() throws Exception {
    String orders = "GET /orders?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n";
    String position = "GET /.freshet/position HTTP/1.1\r\nHost: x\r\n\r\n";
    int port = TestBackend.uri(primary, "/").getPort();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      for (int round = 0; round < 20; round++) {
        // The second is answered at once, while the first's exchange is being ended.
        socket.getOutputStream().write((orders + position).getBytes(StandardCharsets.US_ASCII));
        assertThat(answersStatus(socket)).isEqualTo("HTTP/1.1 200 OK");
        assertThat(answersStatus(socket)).isEqualTo("HTTP/1.1 200 OK");
      }
    }
  }

  /** Reads one answer that has a length, and returns its first line. */
  private static String answersStatus(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as(head.toString()).isNotNegative();
      head.append((char) next);
    }
    int length =
        Integer.parseInt(head.toString().replaceAll("(?is).*content-length: (\\d+).*", "$1"));
    assertThat(socket.getInputStream().readNBytes(length)).hasSize(length);
    return head.substring(0, head.indexOf("\r\n"));
  }

  @Test
  void headIsAnsweredAsGetWithoutItsBody() throws Exception {
    HttpResponse<String> head =
        client.send(
            HttpRequest.newBuilder(TestBackend.uri(primary, "/orders/" + ID)).HEAD().build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.headers().firstValue("ETag")).isPresent();
    assertThat(head.body()).isEmpty();
  }

  @Test
  void positionEndpointTellsKindAndLag() throws Exception {
    assertThat(get(replica, "/.freshet/position").body())
        .contains("\"kind\":\"replica\"")
        .contains("\"ready\":true")
        .matches("(?s).*\"position\":\"1:[0-9A-F]+/[0-9A-F]+\".*")
        .matches("(?s).*\"lagSeconds\":0\\.\\d+.*");
  }

  private static HttpResponse<String> get(ConfigurableApplicationContext backend, String path)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(TestBackend.uri(backend, path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(
      ConfigurableApplicationContext backend, String path, Position wanted, long waitMillis)
      throws Exception {
    return client.send(
        request(backend, path, wanted, waitMillis), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest request(
      ConfigurableApplicationContext backend, String path, Position wanted, long waitMillis) {
    return HttpRequest.newBuilder(TestBackend.uri(backend, path))
        .header("Freshet-Min-Position", wanted.toString())
        .header("Freshet-Max-Wait", Long.toString(waitMillis))
        .build();
  }

  private static Position position(HttpResponse<String> answer) {
    return Position.parse(answer.headers().firstValue("Freshet-Position").orElseThrow());
  }

  private static Position now() throws SQLException {
    try (Connection connection = cluster.primary().connect()) {
      return PrimaryPosition.ask(connection);
    }
  }

  private static String ask(String sql) throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static void execute(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
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
    int port = TestBackend.port(replica);
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
