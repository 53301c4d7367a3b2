package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Health checks that fail don't make an outage where requests would be answered. */
class PanicIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Longer than a health check waits. */
  private static final int TOO_LATE = 5_000;

  private static final ExecutorService POSTING = Executors.newVirtualThreadPerTaskExecutor();

  @TempDir Path folder;

  private final WireMockServer writer = TestServers.start();
  private final List<WireMockServer> replicas =
      List.of(TestServers.start(), TestServers.start(), TestServers.start());
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    writer.stubFor(
        any(anyUrl()).willReturn(okJson("{}").withHeader("Freshet-Position", "1:0/200")));
    writer.stubFor(get("/.freshet/position").willReturn(position("primary")));
    for (WireMockServer replica : replicas) {
      replica.stubFor(
          any(anyUrl()).willReturn(okJson("{}").withHeader("Freshet-Position", "1:0/200")));
      replica.stubFor(get("/.freshet/position").willReturn(position("replica")));
    }
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: strict, path: /strict, read: { pool: strict } }
          - { id: all, path: /**, read: { pool: readers }, write: { pool: writers } }
        pools:
          writers: { instances: [ { id: write-1, url: "%1$s" } ] }
          strict: { panic: none, instances: [ { id: strict-1, url: "%2$s", kind: replica } ] }
          readers:
            instances:
              - { id: replica-1, url: "%2$s", kind: replica }
              - { id: replica-2, url: "%3$s", kind: replica }
              - { id: replica-3, url: "%4$s", kind: replica }
        """
            .formatted(
                writer.baseUrl(),
                replicas.get(0).baseUrl(),
                replicas.get(1).baseUrl(),
                replicas.get(2).baseUrl()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "4s"));
  }

  private static ResponseDefinitionBuilder position(String kind) {
    return okJson(
        "{\"position\":\"1:0/200\",\"kind\":\"%s\",\"lagSeconds\":0,\"ready\":true}"
            .formatted(kind));
  }

  @AfterEach
  void stop() {
    gateway.close();
    writer.stop();
    replicas.forEach(WireMockServer::stop);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return TestGateway.send(gateway, method, path, method.equals("GET") ? "" : "{}");
  }

  private JsonNode status() throws Exception {
    return JsonMapper.shared()
        .readTree(TestGateway.operate(gateway, "GET", "/api/status", "").body());
  }

  private String state(String id) throws Exception {
    return StreamSupport.stream(status().path("instances").spliterator(), false)
        .filter(one -> one.path("id").asString().equals(id))
        .map(one -> one.path("state").asString())
        .findFirst()
        .orElseThrow();
  }

  private void awaitState(String id, String state) {
    await().atMost(PATIENCE).until(() -> state(id).equals(state));
  }

  @Test
  void writerWhoseRequestsAreAnsweredStaysWhenItsHealthChecksAreNot() throws Exception {
    AtomicBoolean isOver = new AtomicBoolean();
    Future<Integer> statuses =
        POSTING.submit(
            () -> {
              int worst = 200;
              while (!isOver.get()) {
                worst = Math.max(worst, send("POST", "/x").statusCode());
              }
              return worst;
            });
    int before = checks();
    writer.stubFor(
        get("/.freshet/position").willReturn(position("primary").withFixedDelay(TOO_LATE)));
    // As many as would take it out of use twice.
    while (checks() < before + 5) {
      assertThat(state("write-1")).isEqualTo("ready");
    }
    isOver.set(true);
    assertThat(statuses.get()).isEqualTo(200);
  }

  private int checks() {
    return writer
        .countRequestsMatching(getRequestedFor(urlEqualTo("/.freshet/position")).build())
        .getCount();
  }

  @Test
  void onlyWriterIsAskedThoughItAnswersNoHealthCheck() throws Exception {
    writer.stubFor(
        get("/.freshet/position").willReturn(position("primary").withFixedDelay(TOO_LATE)));
    awaitState("write-1", "down");
    assertThat(send("POST", "/x").statusCode()).isEqualTo(200);
    assertThat(status().path("verdict").path("problems").findValuesAsString("code"))
        .contains("pool-in-panic", "instance-down")
        .doesNotContain("pool-without-instance");
  }

  @Test
  void poolOfWhichMostFailTheirHealthChecksIsAskedAsAWhole() throws Exception {
    for (WireMockServer ill : replicas.subList(0, 2)) {
      ill.stubFor(get("/.freshet/position").willReturn(aResponse().withStatus(500)));
    }
    awaitState("replica-1", "not-ready");
    awaitState("replica-2", "not-ready");
    JsonNode explained =
        JsonMapper.shared()
            .readTree(
                TestGateway.operate(
                        gateway, "POST", "/api/explain", "{\"method\":\"GET\",\"path\":\"/x\"}")
                    .body());
    assertThat(explained.path("panic").asString()).contains("50%");
    assertThat(explained.path("candidates").findValuesAsString("reason"))
        .containsExactly("any", "any", "any");
    while (replicas.stream()
        .anyMatch(one -> one.findAll(getRequestedFor(urlEqualTo("/x"))).isEmpty())) {
      inParallel(8);
    }
    assertThat(send("GET", "/strict").statusCode()).isEqualTo(503);
    TestGateway.operate(gateway, "POST", "/api/instances/replica-1/drain", "");
    replicas.getFirst().resetRequests();
    inParallel(30);
    assertThat(replicas.getFirst().findAll(getRequestedFor(urlEqualTo("/x")))).isEmpty();
  }

  private void inParallel(int reads) throws Exception {
    List<Thread> threads =
        IntStream.range(0, reads)
            .mapToObj(
                i ->
                    Thread.ofVirtual()
                        .start(
                            () -> {
                              try {
                                assertThat(send("GET", "/x").statusCode()).isEqualTo(200);
                              } catch (Exception e) {
                                throw new IllegalStateException(e);
                              }
                            }))
            .toList();
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
