package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.jsonResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.http.Fault;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What operators have syncs do through the gateway, where the syncs don't do as they should. */
class SyncsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final String TOKEN = "correct horse battery staple";

  @TempDir Path folder;

  private final WireMockServer standby = TestServers.start();
  private final WireMockServer leader = TestServers.start();
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        sync: [ "%s", "%s" ]
        routes: [ { id: all, path: /**, read: { pool: one } } ]
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:1" } ] } }
        """
            .formatted(standby.baseUrl(), leader.baseUrl()));
    says(standby, "standby");
    says(leader, "streaming");
    leader.stubFor(get("/api/models").willReturn(jsonResponse("[]", 200)));
    gateway =
        TestGateway.startWith(
            folder,
            Map.of("freshet.gateway.data", folder.toString(), "freshet.operator-token", TOKEN));
  }

  private static void says(WireMockServer sync, String state) {
    sync.stubFor(
        get("/api/sync")
            .willReturn(
                jsonResponse(
                    "{\"readDatabase\":\"read-1\",\"state\":\"%s\"}".formatted(state), 200)));
  }

  @AfterEach
  void stop() {
    gateway.close();
    standby.stop();
    leader.stop();
  }

  private HttpResponse<String> change(String path) throws Exception {
    return TestGateway.operate(
        gateway,
        "POST",
        "/api/syncs/" + path,
        "",
        "Authorization",
        "Bearer " + TOKEN,
        "X-Request-Id",
        "of-an-operator");
  }

  @Test
  void leaderIsAskedWithTheTokenAndTheNameOfTheRequest() throws Exception {
    leader.stubFor(
        post("/api/models/a%20b/rebuild").willReturn(jsonResponse("{\"model\":\"a b\"}", 200)));
    HttpResponse<String> answer = change("read-1/models/a%20b/rebuild");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"model\":\"a b\"}");
    assertThat(leader.findAll(postRequestedFor(urlEqualTo("/api/models/a%20b/rebuild"))))
        .singleElement()
        .satisfies(
            told -> {
              assertThat(told.getHeader("Authorization")).isEqualTo("Bearer " + TOKEN);
              assertThat(told.getHeader("X-Request-Id")).isEqualTo("of-an-operator");
            });
  }

  @Test
  void syncThatDoesNotKnowTheNameItIsAskedByIsSaidWithWhatToDo() throws Exception {
    leader.stubFor(get("/api/sync").willReturn(jsonResponse("{}", 421)));
    assertThat(
            TestGateway.operate(
                    gateway, "GET", "/api/status", "", "Authorization", "Bearer " + TOKEN)
                .body())
        .contains("\"state\":\"unreachable\"", "it answers 421", "--operator-host=");
  }

  @Test
  void syncThatHangsIsUnreachableInPlainWords() throws Exception {
    leader.stubFor(get("/api/sync").willReturn(jsonResponse("{}", 200).withFixedDelay(5_000)));
    assertThat(operators("/api/status").body())
        .contains("\"state\":\"unreachable\",\"reason\":\"no answer within 1000 ms\"");
  }

  @Test
  void refusalOfASyncIsPassedOn() throws Exception {
    leader.stubFor(
        post("/api/sync/pause")
            .willReturn(
                aResponse()
                    .withStatus(409)
                    .withHeader("Content-Type", "application/problem+json")
                    .withBody("{\"code\":\"conflict\"}")));
    HttpResponse<String> answer = change("read-1/sync/pause");
    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(answer.body()).contains("conflict");
  }

  @Test
  void syncThatBreaksOffMayHaveDoneItAllTheSame() throws Exception {
    leader.stubFor(
        post("/api/sync/pause").willReturn(aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER)));
    HttpResponse<String> answer = change("read-1/sync/pause");
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("backend-unreachable", "may be done all the same");
  }

  @Test
  void readDatabaseThatNoSyncNamesIsNotFound() throws Exception {
    HttpResponse<String> answer = change("read-9/sync/pause");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("read-9", "/api/status");
  }

  @Test
  void whatWasAskedForIsInTheAuditWhateverCameOfIt() throws Exception {
    change("read-9/sync/pause");
    JsonNode latest =
        JsonMapper.shared().readTree(operators("/api/audit").body()).findValues("path").getFirst();
    assertThat(latest.asString()).isEqualTo("/api/syncs/read-9/sync/pause");
  }

  @Test
  void auditHasWhatTheSyncsWereAskedByOthersAndNothingTwice() throws Exception {
    leader.stubFor(post("/api/sync/pause").willReturn(jsonResponse("{\"paused\":true}", 200)));
    change("read-1/sync/pause");
    leader.stubFor(
        get("/api/audit")
            .willReturn(
                jsonResponse(
                    """
                    [{"at":"2999-01-01T00:00:00Z","path":"/api/sync/resume","by":"127.0.0.1:9","outcome":"200 OK","requestId":"by-hand"},
                     {"at":"2026-01-01T00:00:00Z","path":"/api/sync/pause","by":"127.0.0.1:8","outcome":"200 OK","requestId":"of-an-operator"}]""",
                    200)));
    JsonNode audit = JsonMapper.shared().readTree(operators("/api/audit").body());
    assertThat(audit.findValuesAsString("path"))
        .containsExactly("/api/sync/resume", "/api/syncs/read-1/sync/pause");
    assertThat(audit.path(0).path("readDatabase").asString()).isEqualTo("read-1");
    assertThat(audit.path(0).path("requestId").asString()).isEqualTo("by-hand");
    assertThat(audit.path(1).path("readDatabase").isNull()).isTrue();
    leader.stop();
    assertThat(operators("/api/audit").body()).contains("/api/syncs/read-1/sync/pause");
  }

  @Test
  void syncThatIsGoneIsSaidToBeOnEveryPage() throws Exception {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(operators("/api/flow").body()).contains("read-1"));
    leader.stop();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(operators("/api/status").body()).contains("\"unreachable\""));
    // What pages see is told by the look of each second.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(operators("/api/flow").body())
                    .contains("\"health\":\"down\",\"says\":\"unreachable\""));
  }

  private HttpResponse<String> operators(String path) throws Exception {
    return TestGateway.operate(gateway, "GET", path, "", "Authorization", "Bearer " + TOKEN);
  }
}
