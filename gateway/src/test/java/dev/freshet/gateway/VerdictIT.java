package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The verdict is never calm while clients are not served. */
class VerdictIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path folder;

  private final WireMockServer primary = TestServers.start();
  private final WireMockServer replica = TestServers.start();
  private final WireMockServer other = TestServers.start();
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    for (WireMockServer backend : List.of(primary, replica, other)) {
      backend.stubFor(
          any(anyUrl()).willReturn(okJson("{}").withHeader("Freshet-Position", "1:0/200")));
    }
    stands(primary, "primary", "1:0/200");
    stands(replica, "replica", "1:0/200");
    stands(other, "replica", "1:0/200");
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: all, path: /**, read: { pool: readers }, write: { pool: writers } }
        pools:
          writers: { instances: [ { id: write-1, url: "%1$s" } ] }
          readers:
            instances:
              - { id: replica-1, url: "%2$s", kind: replica }
              - { id: replica-2, url: "%3$s", kind: replica }
        """
            .formatted(primary.baseUrl(), replica.baseUrl(), other.baseUrl()));
    gateway =
        TestGateway.start(
            folder, Map.of("data", folder.toString(), "timeout", "2s", "read-objective", "200ms"));
    awaitVerdict(Optional.empty());
  }

  @AfterEach
  void stop() {
    gateway.close();
    primary.stop();
    replica.stop();
    other.stop();
  }

  private static void stands(WireMockServer backend, String kind, String position) {
    backend.stubFor(
        get("/.freshet/position")
            .willReturn(
                okJson(
                    "{\"position\":\"%s\",\"kind\":\"%s\",\"lagSeconds\":0,\"ready\":true}"
                        .formatted(position, kind))));
  }

  private JsonNode ask(String path) throws Exception {
    return JsonMapper.shared().readTree(TestGateway.operate(gateway, "GET", path, "").body());
  }

  private int send(String method) throws Exception {
    return TestGateway.send(gateway, method, "/x", method.equals("GET") ? "" : "{}").statusCode();
  }

  private List<String> problems() throws Exception {
    return ask("/api/status").path("verdict").path("problems").findValuesAsString("code");
  }

  /** Empty for a verdict that all is well. */
  private void awaitVerdict(Optional<String> problem) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(problems()).isEqualTo(problem.map(List::of).orElse(List.of())));
  }

  private JsonNode instance(String id) throws Exception {
    return StreamSupport.stream(ask("/api/status").path("instances").spliterator(), false)
        .filter(one -> one.path("id").asString().equals(id))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void writesThatTheirBackendFailsAreInTheVerdict() throws Exception {
    primary.stubFor(post("/x").willReturn(aResponse().withStatus(500)));
    for (int i = 0; i < 3; i++) {
      assertThat(send("POST")).isEqualTo(500);
    }
    awaitVerdict(Optional.of("writes-failing"));
    assertThat(ask("/api/status").path("verdict").path("text").asString())
        .isEqualTo(
            "All of the writes of the last minute failed, most of them with 500 from write-1.");
  }

  @Test
  void writesThatAreRefusedAreInTheVerdict() throws Exception {
    primary.stop();
    send("POST");
    for (int i = 0; i < 3; i++) {
      assertThat(send("POST")).isEqualTo(503);
    }
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(problems()).contains("writes-refused"));
  }

  @Test
  void readsThatAreSlowAreInTheVerdict() throws Exception {
    for (WireMockServer backend : List.of(replica, other)) {
      backend.stubFor(
          get("/x")
              .willReturn(
                  okJson("{}").withHeader("Freshet-Position", "1:0/200").withFixedDelay(300)));
    }
    for (int i = 0; i < 4; i++) {
      assertThat(send("GET")).isEqualTo(200);
    }
    awaitVerdict(Optional.of("reads-slow"));
  }

  @Test
  void poolWithOneInstanceLeftIsInTheVerdictUnlessAnOperatorTookTheOthersOut() throws Exception {
    TestGateway.operate(gateway, "POST", "/api/instances/replica-2/drain", "");
    assertThat(problems()).isEmpty();
    assertThat(ask("/api/status").path("verdict").path("text").asString())
        .isEqualTo("All copies are fresh; drained: replica-2; pool readers has one instance left.");
    TestGateway.operate(gateway, "POST", "/api/instances/replica-2/ready", "");
    replica.stop();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(problems()).containsExactly("instance-down", "pool-one-left"));
    assertThat(ask("/api/status").path("verdict").path("problems").path(1).path("text").asString())
        .isEqualTo("Of the 2 instances of pool readers only replica-2 is left.");
  }

  @Test
  void copyThatStandsStillIsStuckThoughItSaysThatItIsFresh() throws Exception {
    stands(primary, "primary", "1:0/300");
    stands(other, "replica", "1:0/300");
    awaitVerdict(Optional.of("instance-stuck"));
    assertThat(instance("replica-1").path("state").asString()).isEqualTo("stuck");
    assertThat(instance("replica-1").path("lagSeconds").asDouble()).isGreaterThan(3);
    assertThat(instance("replica-2").path("state").asString()).isEqualTo("ready");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        StreamSupport.stream(ask("/api/flow").path("nodes").spliterator(), false)
                            .filter(node -> node.path("id").asString().equals("replica-1"))
                            .map(node -> node.path("health").asString()))
                    .containsExactly("stuck"));
    stands(replica, "replica", "1:0/300");
    awaitVerdict(Optional.empty());
  }
}
