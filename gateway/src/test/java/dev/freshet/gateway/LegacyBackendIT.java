package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Backends that know nothing of positions, on a real primary and its replica. */
class LegacyBackendIT {

  private static final int PORT = 14_440;

  @TempDir Path folder;

  private Cluster cluster;
  private WireMockServer backend;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 1, 0, PORT, false));
    execute(cluster.primary(), "create table noted (id int)");
    backend = TestServers.start();
    backend.stubFor(any(anyUrl()).atPriority(9).willReturn(aResponse().withBody("as ever")));
    backend.stubFor(get("/.freshet/position").willReturn(aResponse().withStatus(404)));
    String primary = cluster.primary().url().uriWithPassword();
    write(
        "primary: \"%s\"".formatted(primary),
        primary,
        cluster.replicas().getFirst().url().uriWithPassword());
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  /** Routes whose copies' positions are asked for at these URLs. */
  private void write(String primary, String primaryReads, String replica) throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        %4$s
        routes:
          - id: all
            path: /**
            read: { pool: readers, allow: [session, strong, eventual] }
            write: { pool: writers }
        pools:
          writers:
            instances: [ { id: old-1, url: "%1$s" } ]
          readers:
            instances:
              - { id: old-primary, url: "%1$s", kind: primary, position: { jdbc: "%2$s" } }
              - { id: old-replica, url: "%1$s", kind: replica, position: { jdbc: "%3$s" } }
        """
            .formatted(backend.baseUrl(), primaryReads, replica, primary));
  }

  @AfterEach
  void stop() {
    if (gateway != null) {
      gateway.close();
    }
    backend.stop();
    cluster.close();
  }

  @Test
  void whatWasWrittenIsReadFromTheReplicaOnceItIsThereAndFromThePrimaryUntilThen()
      throws Exception {
    PostgresServer replica = cluster.replicas().getFirst();
    awaitSource("", "old-replica;kind=replica;reason=any");
    execute(replica, "select pg_wal_replay_pause()");
    execute(cluster.primary(), "insert into noted values (1)");
    HttpResponse<String> written = send("POST", "");
    String token = written.headers().firstValue("Freshet-Session").orElseThrow();
    HttpResponse<String> behind = send("GET", token);
    assertThat(behind.body()).isEqualTo("as ever");
    assertThat(source(behind)).isEqualTo("old-primary;kind=primary;reason=fallback");
    execute(replica, "select pg_wal_replay_resume()");
    awaitSource(token, "old-replica;kind=replica;reason=caught-up");
  }

  @Test
  void backendThatFailsOnPathsThatItDoesNotKnowWorksAsWell() throws Exception {
    backend.stubFor(
        get("/.freshet/position").willReturn(aResponse().withStatus(500).withBody("No such page")));
    awaitSource("", "old-replica;kind=replica;reason=any");
  }

  @Test
  void readTakesTheClientAsFarAsItsDatabaseIs() throws Exception {
    awaitSource("", "old-replica;kind=replica;reason=any");
    String before = send("POST", "").headers().firstValue("Freshet-Session").orElseThrow();
    execute(cluster.primary(), "insert into noted values (1)");
    await()
        .until(
            () -> {
              String seen = send("GET", "").headers().firstValue("Freshet-Session").orElse("");
              return seen.substring(0, 24).compareTo(before.substring(0, 24)) > 0;
            });
  }

  /** The timeline is hidden from roles without it, and a wrong one could break a promise. */
  @Test
  void roleThatMayNotSeeTheReceiverIsToldWhichRightItNeeds() throws Exception {
    execute(cluster.primary(), "create role weak login password 'weak'");
    PostgresServer replica = cluster.replicas().getFirst();
    String primary = cluster.primary().url().uriWithPassword();
    write(
        "primary: \"%s\"".formatted(primary),
        primary,
        "postgresql://weak:weak@127.0.0.1:%d/freshet".formatted(replica.port()));
    await().until(() -> status().contains("grant pg_read_all_stats to weak"));
    assertThat(source(send("GET", ""))).startsWith("old-primary;");
    execute(cluster.primary(), "grant pg_read_all_stats to weak");
    awaitSource("", "old-replica;kind=replica;reason=any");
  }

  @Test
  void urlThatIsNotTheReplicasAndPasswordThatIsWrongAreSaid() throws Exception {
    String primary = cluster.primary().url().uriWithPassword();
    write("primary: \"%s\"".formatted(primary), primary, primary);
    await().until(() -> status().contains("it is no replica"));
    write(
        "primary: \"%s\"".formatted(primary),
        primary,
        "postgresql://postgres:wrong@127.0.0.1:%d/freshet"
            .formatted(cluster.replicas().getFirst().port()));
    await().until(() -> status().contains("password authentication failed"));
  }

  @Test
  void writesThatNobodyCanPlaceAreTheVerdict() throws Exception {
    String replica = cluster.replicas().getFirst().url().uriWithPassword();
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: readers }, write: { pool: writers } } ]
        pools:
          writers: { instances: [ { id: old-1, url: "%1$s" } ] }
          readers:
            instances: [ { id: old-replica, url: "%1$s", kind: replica, position: { jdbc: "%2$s" } } ]
        """
            .formatted(backend.baseUrl(), replica));
    await().until(() -> status().contains("Writes through old-1 succeed but are answered 504"));
    assertThat(send("POST", "").statusCode()).isEqualTo(504);
    assertThat(
            TestGateway.operate(
                    gateway,
                    "POST",
                    "/api/routes/validate",
                    Files.readString(folder.resolve("routes.yaml")))
                .body())
        .contains("\"valid\":true", "pool readers has no instance of kind primary");
  }

  /** It would find the question in its log each time. */
  @Test
  void backendIsSeldomAskedForWhatItDoesNotKnow() throws Exception {
    awaitSource("", "old-replica;kind=replica;reason=any");
    backend.resetRequests();
    awaitSource("", "old-replica;kind=replica;reason=any");
    Instant end = Instant.now().plusSeconds(3);
    await().until(() -> Instant.now().isAfter(end));
    // The writer without a database is asked twice a second; the two others once in ten seconds.
    assertThat(backend.findAll(getRequestedFor(urlEqualTo("/.freshet/position"))))
        .hasSizeLessThanOrEqualTo(10);
  }

  private String status() throws Exception {
    return TestGateway.operate(gateway, "GET", "/api/status", "").body();
  }

  private void awaitSource(String token, String source) throws Exception {
    await().until(() -> source(send("GET", token)).equals(source));
  }

  private static String source(HttpResponse<String> answer) {
    return answer.headers().firstValue("Freshet-Source").orElse("none");
  }

  private HttpResponse<String> send(String method, String token) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + TestGateway.port(gateway) + "/notes"))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (!token.isEmpty()) {
      request.header("Freshet-Session", token);
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  private static void execute(PostgresServer server, String sql) throws Exception {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
