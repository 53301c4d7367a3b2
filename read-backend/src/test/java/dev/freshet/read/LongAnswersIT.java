package dev.freshet.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Answers that no heap holds, and those that are refused because nobody should ask for them. */
class LongAnswersIT {

  private static final int WIDE_ROWS = 1_050;
  private static final int WIDE_BYTES = 2_000_000;
  private static final String HEAP = "-Xmx256m";

  @TempDir static Path folder;

  private static final HttpClient client = HttpClient.newHttpClient();
  private static Cluster cluster;

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder, 0, 0, 17_480, false));
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema read;
          create table read.wide (id int primary key, body text);
          insert into read.wide select i, repeat('x', %d) from generate_series(1, %d) i;
          create table read.long (id int primary key, "group" int, name text);
          insert into read.long select i, i %% 10, 'row "' || i || '"' || repeat('y', 100) from generate_series(1, 50000) i;
          analyze;
          """
              .formatted(WIDE_BYTES, WIDE_ROWS));
    }
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  /** A backend whose heap holds an eighth of the answer. */
  public static final class Small {
    private Small() {}

    public static void main(String[] arguments) throws InterruptedException {
      ReadBackend.start(
          Map.of(
              "server.port", arguments[0],
              "server.address", "127.0.0.1",
              "freshet.read.id", "small",
              "freshet.read.kind", "primary",
              "freshet.read.source", arguments[1],
              "freshet.read.row-cap", "2000",
              "freshet.read.statement-timeout", "60s"));
      Thread.currentThread().join();
    }
  }

  @Test
  void answerOfTwoGigabytesComesThroughAHeapOfAnEighthOfThem() throws Exception {
    int port = freePort();
    PostgresServer server = cluster.primary();
    Process small =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                HEAP,
                "-cp",
                System.getProperty("java.class.path"),
                Small.class.getName(),
                Integer.toString(port),
                "postgresql://postgres:%s@127.0.0.1:%d/freshet"
                    .formatted(server.url().password(), server.port()))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("small.out").toFile())
            .start();
    try {
      String base = "http://127.0.0.1:" + port;
      await()
          .atMost(Duration.ofSeconds(60))
          .ignoreExceptions()
          .until(() -> status(base + "/long?limit=1") == 200);
      HttpResponse<InputStream> answer =
          client.send(
              HttpRequest.newBuilder(URI.create(base + "/wide?order=id"))
                  .header("Freshet-Deadline", "60000")
                  .build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Content-Range"))
          .contains("0-%d/%d".formatted(WIDE_ROWS - 1, WIDE_ROWS));
      assertThat(length(answer.body())).isGreaterThan((long) WIDE_ROWS * WIDE_BYTES);
      assertThat(small.isAlive()).isTrue();
    } finally {
      small.destroyForcibly();
    }
  }

  /** The bytes of an array of rows, which it has to be from its begin to its end. */
  private static long length(InputStream body) throws IOException {
    byte[] buffer = new byte[1 << 20];
    String tail = "";
    long length = 0;
    for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
      if (length == 0) {
        assertThat(new String(buffer, 0, Math.min(n, 20), StandardCharsets.UTF_8))
            .startsWith("[{\"id\":1,\"body\":\"x");
      }
      length += n;
      int end = Math.min(n, 3);
      tail += new String(buffer, n - end, end, StandardCharsets.UTF_8);
      tail = tail.substring(Math.max(0, tail.length() - 3));
    }
    assertThat(tail).isEqualTo("\"}]");
    return length;
  }

  @Test
  void longAnswerIsTheSameAsItsPagesPutTogether() throws Exception {
    try (ConfigurableApplicationContext backend =
        TestBackend.start(cluster.primary(), "primary", Map.of("freshet.read.row-cap", 60_000))) {
      for (String query :
          List.of(
              "order=id.desc",
              "order=group,id.desc&select=id,name",
              "select=id,name::text&group=gt.2&order=name")) {
        HttpResponse<String> whole = get(backend, "/long?" + query);
        assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
        assertThat(whole.body().length()).isGreaterThan(4 * 1024 * 1024);
        StringBuilder pages = new StringBuilder();
        String next = "?limit=9000&" + query;
        while (next != null) {
          HttpResponse<String> page = get(backend, "/long" + next);
          String rows = page.body().substring(1, page.body().length() - 1);
          pages.append(pages.isEmpty() ? "" : ", ").append(rows);
          next =
              page.headers()
                  .firstValue("Link")
                  .filter(link -> link.contains("rel=\"next\""))
                  .map(link -> link.replaceFirst("^<([^>]*)>.*", "$1"))
                  .orElse(null);
        }
        assertThat(whole.body().equals("[" + pages + "]")).as(query).isTrue();
      }
      HttpResponse<String> csv =
          client.send(
              HttpRequest.newBuilder(TestBackend.uri(backend, "/long?select=id,name"))
                  .header("Accept", "text/csv")
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(csv.body().lines()).hasSize(50_001).startsWith("id,name");
      // Ends of a long page are those of its own rows.
      HttpResponse<String> page = get(backend, "/long?order=id&limit=45000");
      HttpResponse<String> last =
          get(
              backend,
              "/long"
                  + page.headers()
                      .firstValue("Link")
                      .orElseThrow()
                      .replaceFirst("^<([^>]*)>.*", "$1"));
      assertThat(last.body()).startsWith("[{\"id\":45001,");
    }
  }

  @Test
  void clientThatGoesAwayGivesTheConnectionBack() throws Exception {
    try (ConfigurableApplicationContext backend = ofTwoConnections()) {
      for (int i = 0; i < 6; i++) {
        // One at a time, with two connections: the next begins when the last is given back.
        await().until(() -> goAway(backend) == 200);
      }
      await().until(() -> get(backend, "/long?limit=1").statusCode() == 200);
      await().until(() -> inTransaction() == 0);
    }
  }

  private static ConfigurableApplicationContext ofTwoConnections() {
    return TestBackend.start(
        cluster.primary(),
        "primary",
        Map.of("freshet.read.row-cap", 2_000, "freshet.read.connections", 2));
  }

  /** Takes the first byte of a long answer, and leaves. */
  private static int goAway(ConfigurableApplicationContext backend) throws Exception {
    HttpResponse<InputStream> answer =
        client.send(
            HttpRequest.newBuilder(TestBackend.uri(backend, "/wide?id=lt.20")).build(),
            HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      body.read();
    }
    return answer.statusCode();
  }

  /** Half of the connections are for what is short. */
  @Test
  void longAnswersLeaveConnectionsForOthersAndOneMoreIsToldSoAtOnce() throws Exception {
    try (ConfigurableApplicationContext backend = ofTwoConnections()) {
      HttpResponse<InputStream> slow =
          client.send(
              HttpRequest.newBuilder(TestBackend.uri(backend, "/wide")).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(slow.statusCode()).isEqualTo(200);
      HttpResponse<String> oneMore = get(backend, "/wide");
      assertThat(oneMore.statusCode()).as(oneMore.body()).isEqualTo(503);
      assertThat(get(backend, "/long?limit=1").statusCode()).isEqualTo(200);
      slow.body().close();
      await().until(() -> get(backend, "/wide?id=lt.3").statusCode() == 200);
    }
  }

  private static long inTransaction() throws SQLException {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) from pg_stat_activity where application_name = 'primary-1' and state like 'idle in%'")) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void answerAboveTheCapAndQueryAboveTheCeilingAreRefused() throws Exception {
    try (ConfigurableApplicationContext backend =
        TestBackend.start(
            cluster.primary(),
            "primary",
            Map.of(
                "freshet.read.row-cap",
                60_000,
                "freshet.read.byte-cap",
                "1MB",
                "freshet.read.cost-ceiling",
                1_000))) {
      assertThat(get(backend, "/long?id=eq.7").statusCode()).isEqualTo(200);
      HttpResponse<String> tooLong = get(backend, "/wide?id=lt.10&limit=9");
      assertThat(tooLong.statusCode()).as(tooLong.body()).isEqualTo(400);
      assertThat(tooLong.body()).contains("bytes, and the most are 1048576");
      HttpResponse<String> tooDear = get(backend, "/long?order=name");
      assertThat(tooDear.statusCode()).isEqualTo(400);
      assertThat(tooDear.body()).contains("the ceiling is 1000; narrow its filters");
    }
  }

  private static HttpResponse<String> get(ConfigurableApplicationContext backend, String target)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(TestBackend.uri(backend, target)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static int status(String url) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
