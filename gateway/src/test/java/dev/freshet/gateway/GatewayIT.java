package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.matching;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.options;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.stubbing.Scenario;
import dev.freshet.gateway.session.SessionKeys;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.protocol.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ConfigurableApplicationContext;

class GatewayIT {

  private static final String KEYS = "k1:" + "A".repeat(43) + "=";

  private static final Sessions SESSIONS =
      new Sessions(SessionKeys.ofText(KEYS), Duration.ofHours(1), Clock.systemUTC());

  private static final String BEHIND = "1:0/100";
  private static final String WRITTEN = "1:0/200";

  @TempDir Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private WireMockServer writer;
  private WireMockServer readDatabase;
  private WireMockServer replica;
  private WireMockServer primary;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    writer = backend("primary", WRITTEN);
    readDatabase = backend("read-database", BEHIND);
    replica = backend("replica", BEHIND);
    primary = backend("primary", WRITTEN);
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - id: orders
            path: /orders/**
            read: { pool: readers }
            write: { pool: writers }
          - id: strict
            path: /strict
            read: { pool: copies, otherwise: fail }
          - id: easy
            path: /easy
            read: { pool: copies, otherwise: stale }
          - id: exact
            path: /exact
            read: { pool: readers, allow: [strong, bounded, session] }
          - id: shop
            path: /shop
            read: { pool: readers }
            write: { pool: writers }
            session: { by: cookie }
          - id: search
            path: /search
            methods: { POST: read }
            read: { pool: readers }
        pools:
          writers:
            instances: [ { id: write-1, url: "%1$s" } ]
          copies:
            instances: [ { id: copy-1, url: "%3$s", kind: replica } ]
          readers:
            instances:
              - { id: primary-reads, url: "%4$s", kind: primary }
              - { id: replica-1, url: "%3$s", kind: replica }
              - { id: read-1, url: "%2$s", kind: read-database }
        """
            .formatted(
                writer.baseUrl(), readDatabase.baseUrl(), replica.baseUrl(), primary.baseUrl()));
    gateway = startGateway();
  }

  private ConfigurableApplicationContext startGateway() {
    return TestGateway.start(
        folder, Map.of("timeout", "1s", "session-keys-text", KEYS, "fallbacks-per-client", "10"));
  }

  private static WireMockServer backend(String kind, String position) {
    WireMockServer server = TestServers.start();
    server.stubFor(
        get("/.freshet/position")
            .willReturn(
                aResponse()
                    .withHeader("Content-Type", "application/json")
                    .withBody(
                        "{\"position\":\"%s\",\"kind\":\"%s\",\"lagSeconds\":0.0,\"ready\":true}"
                            .formatted(position, kind))));
    server.stubFor(any(urlPathEqualTo("/orders")).atPriority(9).willReturn(answer(position)));
    return server;
  }

  private static ResponseDefinitionBuilder answer(String position) {
    return aResponse().withBody("body").withHeader("Freshet-Position", position);
  }

  @AfterEach
  void stop() {
    gateway.close();
    writer.stop();
    readDatabase.stop();
    replica.stop();
    primary.stop();
  }

  @Test
  void writeGoesToTheWritersAndItsAnswerCarriesAToken() throws Exception {
    HttpResponse<String> answer = send("POST", "/orders?x=1%20y", "{\"a\":1}");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(sessionAt(answer)).isEqualTo("000000010000000000000200");
    assertThat(answer.headers().firstValue("Freshet-Source"))
        .contains("write-1;kind=primary;reason=write");
    writer.verify(
        1, postRequestedFor(urlEqualTo("/orders?x=1%20y")).withRequestBody(equalTo("{\"a\":1}")));
  }

  @Test
  void readWithoutATokenGoesToTheCheapestCopy() throws Exception {
    assertThat(source(send("GET", "/orders", "")))
        .isEqualTo("read-1;kind=read-database;reason=any");
  }

  @Test
  void readAfterAWriteWaitsForACopyAndPrefersOneThatIsThere() throws Exception {
    notCaughtUp(readDatabase);
    replica.stubFor(get("/orders").willReturn(answer("1:0/200")));
    HttpResponse<String> waited = send("GET", "/orders", "", "Freshet-Session", token(WRITTEN));
    assertThat(waited.statusCode()).isEqualTo(200);
    assertThat(source(waited)).matches("replica-1;kind=replica;reason=waited;waited-ms=\\d+");
    readDatabase.verify(
        getRequestedFor(urlEqualTo("/orders"))
            .withHeader("Freshet-Min-Position", equalTo(WRITTEN))
            .withHeader("Freshet-Max-Wait", equalTo("50")));

    HttpResponse<String> known = send("GET", "/orders", "", "Freshet-Session", token(WRITTEN));
    assertThat(source(known)).isEqualTo("replica-1;kind=replica;reason=caught-up");
  }

  @Test
  void readThatNoCopyCanAnswerInTimeFallsBackToThePrimary() throws Exception {
    notCaughtUp(readDatabase);
    notCaughtUp(replica);
    HttpResponse<String> answer = send("GET", "/orders", "", "Freshet-Session", token(WRITTEN));
    assertThat(source(answer)).isEqualTo("primary-reads;kind=primary;reason=fallback");
    assertThat(operator("/actuator/prometheus"))
        .contains("freshet_reads_total{kind=\"primary\",reason=\"fallback\"} 1.0")
        .contains("freshet_fallbacks_total{reason=\"not-caught-up\"} 1.0")
        .containsPattern(
            "freshet_requests_seconds_count\\{backend=\"primary-reads\",intent=\"read\",route=\"orders\",status=\"200\"} 1");
  }

  @Test
  void routeMaySayThatItRefusesOrAnswersStaleInstead() throws Exception {
    replica.stubFor(get("/strict").willReturn(notCaughtUp()));
    HttpResponse<String> refused = send("GET", "/strict", "", "Freshet-Session", token(WRITTEN));
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).contains("not-caught-up");
    assertThat(refused.headers().firstValue("Retry-After")).contains("1");

    replica.stubFor(get("/easy").willReturn(answer(BEHIND)));
    replica.stubFor(
        get("/easy")
            .withHeader("Freshet-Min-Position", equalTo(WRITTEN))
            .willReturn(notCaughtUp()));
    HttpResponse<String> stale = send("GET", "/easy", "", "Freshet-Session", token(WRITTEN));
    assertThat(source(stale)).isEqualTo("copy-1;kind=replica;reason=stale");
    assertThat(stale.headers().firstValue("Freshet-Session")).isEmpty();
  }

  @Test
  void readAdvancesTheTokenAndNeverTakesItBack() throws Exception {
    HttpResponse<String> first = send("GET", "/orders", "");
    assertThat(sessionAt(first)).isEqualTo("000000010000000000000100");
    assertThat(first.headers().firstValue("Vary")).contains("Freshet-Session, Freshet-Consistency");
    assertThat(first.headers().firstValue("Cache-Control")).contains("private, no-cache");
    HttpResponse<String> again = send("GET", "/orders", "", "Freshet-Session", token(BEHIND));
    assertThat(again.headers().firstValue("Freshet-Session")).isEmpty();
  }

  @Test
  void eventualReadIgnoresTheToken() throws Exception {
    HttpResponse<String> answer =
        send(
            "GET",
            "/orders",
            "",
            "Freshet-Session",
            token(WRITTEN),
            "Freshet-Consistency",
            "eventual");
    assertThat(source(answer)).isEqualTo("read-1;kind=read-database;reason=any");
    assertThat(answer.headers().firstValue("Freshet-Session")).isEmpty();
    assertThat(answer.headers().firstValue("Vary")).contains("Freshet-Consistency");
  }

  @Test
  void strongReadIsOfACopyThatIsWhereThePrimaryIsNow() throws Exception {
    stubReads("/exact");
    HttpResponse<String> answer = send("GET", "/exact", "", "Freshet-Consistency", "strong");
    assertThat(source(answer)).isEqualTo("primary-reads;kind=primary;reason=fallback");
    replica.stubFor(get("/exact").atPriority(1).willReturn(answer(WRITTEN)));
    assertThat(source(send("GET", "/exact", "", "Freshet-Consistency", "strong")))
        .startsWith("replica-1;kind=replica;reason=waited");
    writer.stubFor(get("/.freshet/position").willReturn(aResponse().withStatus(500)));
    primary.stubFor(get("/.freshet/position").willReturn(aResponse().withStatus(500)));
    // Nobody can say where the primary is, and it is not ready itself.
    await()
        .until(
            () -> send("GET", "/exact", "", "Freshet-Consistency", "strong").statusCode() == 503);
    assertProblem(send("GET", "/exact", "", "Freshet-Consistency", "strong"), 503, "not-caught-up");
  }

  @Test
  void boundedReadIsOfACopyThatIsWhereThePrimaryWasLately() throws Exception {
    stubReads("/exact");
    String bounded = "bounded;max-staleness=30";
    assertThat(source(send("GET", "/exact", "", "Freshet-Consistency", bounded)))
        .isEqualTo("primary-reads;kind=primary;reason=fallback");
    reports(replica, "replica", WRITTEN, null);
    replica.stubFor(get("/exact").atPriority(1).willReturn(answer(WRITTEN)));
    await()
        .until(
            () ->
                source(send("GET", "/exact", "", "Freshet-Consistency", bounded))
                    .equals("replica-1;kind=replica;reason=caught-up"));
    // The primary goes on; where it was a moment ago is good enough still.
    reports(writer, "primary", "1:0/300", "");
    reports(primary, "primary", "1:0/300", "");
    primary.stubFor(get("/exact").atPriority(1).willReturn(answer("1:0/300")));
    replica.stubFor(
        get("/exact")
            .atPriority(1)
            .withHeader("Freshet-Min-Position", equalTo("1:0/300"))
            .willReturn(notCaughtUp()));
    assertThat(source(send("GET", "/exact", "", "Freshet-Consistency", "strong")))
        .startsWith("primary-reads");
    assertThat(source(send("GET", "/exact", "", "Freshet-Consistency", bounded)))
        .isEqualTo("replica-1;kind=replica;reason=caught-up");
  }

  @Test
  void levelThatTheRouteDoesNotAllowOrThatIsNoneIsRefused() throws Exception {
    assertProblem(
        send("GET", "/orders", "", "Freshet-Consistency", "strong"), 400, "level-not-allowed");
    assertProblem(
        send("GET", "/orders", "", "Freshet-Consistency", "bounded"), 400, "level-not-allowed");
    assertProblem(
        send("GET", "/orders", "", "Freshet-Consistency", "session;max-staleness=1"),
        400,
        "level-not-allowed");
    assertProblem(
        send("GET", "/exact", "", "Freshet-Consistency", "eventual"), 400, "level-not-allowed");
  }

  @Test
  void sessionTravelsInCookiesWhereTheRouteSaysSo() throws Exception {
    stubReads("/shop");
    writer.stubFor(post("/shop").willReturn(answer(WRITTEN)));
    HttpResponse<String> written = send("POST", "/shop", "{}");
    assertThat(written.headers().firstValue("Freshet-Session")).isEmpty();
    String cookie = written.headers().firstValue("Set-Cookie").orElseThrow();
    assertThat(cookie)
        .matches(
            "freshet-written=000000010000000000000200\\.[^;]+; Path=/; Max-Age=86400; Expires=[^;]+; HttpOnly; SameSite=Lax");
    HttpResponse<String> read =
        send("GET", "/shop", "", "Cookie", "other=1; " + cookie.replaceFirst(";.*", ""));
    assertThat(source(read)).isEqualTo("primary-reads;kind=primary;reason=fallback");
    assertThat(read.headers().firstValue("Set-Cookie")).isEmpty();
    assertThat(read.headers().firstValue("Vary").orElse("")).contains("Cookie");
    HttpResponse<String> first = send("GET", "/shop", "");
    assertThat(first.headers().firstValue("Set-Cookie").orElse(""))
        .startsWith("freshet-seen=000000010000000000000100.");
  }

  @Test
  void cookiesThatAreWorthNothingAreReplacedOrTakenAway() throws Exception {
    stubReads("/shop");
    HttpResponse<String> bad =
        send(
            "GET",
            "/shop",
            "",
            "Cookie",
            "freshet-written=nonsense; freshet-seen=" + token(WRITTEN));
    assertProblem(bad, 400, "bad-session");
    assertThat(bad.headers().allValues("Set-Cookie"))
        .satisfiesExactly(
            written -> assertThat(written).startsWith("freshet-written=; Path=/; Max-Age=0;"),
            seen -> assertThat(seen).startsWith("freshet-seen=; Path=/; Max-Age=0;"));
    String unknown =
        new Sessions(
                SessionKeys.ofText("other:" + "B".repeat(43) + "="),
                Duration.ofHours(1),
                Clock.systemUTC())
            .issue(Position.parse(WRITTEN), null, null);
    HttpResponse<String> strong = send("GET", "/shop", "", "Cookie", "freshet-written=" + unknown);
    assertThat(strong.statusCode()).isEqualTo(200);
    assertThat(strong.headers().allValues("Set-Cookie"))
        .satisfiesExactly(
            seen -> assertThat(seen).startsWith("freshet-seen=000000010000000000000200.1.k1."));
    writer.stubFor(post("/shop").willReturn(answer(WRITTEN)));
    HttpResponse<String> written =
        send("POST", "/shop", "{}", "Cookie", "freshet-written=" + unknown);
    assertThat(written.headers().allValues("Set-Cookie"))
        .satisfiesExactly(
            own -> assertThat(own).startsWith("freshet-written=000000010000000000000200.1.k1."),
            seen -> assertThat(seen).startsWith("freshet-seen=; Path=/; Max-Age=0;"));
  }

  @Test
  void answerWithoutAPositionLeavesNothingOnTheOneThatIsTakenInstead() throws Exception {
    readDatabase.stubFor(
        get("/orders").willReturn(ok("unplaced").withHeader("ETag", "\"theirs\"")));
    replica.stubFor(get("/orders").willReturn(answer(BEHIND)));
    HttpResponse<String> answer = send("GET", "/orders", "");
    assertThat(source(answer)).isEqualTo("replica-1;kind=replica;reason=any");
    assertThat(answer.headers().firstValue("ETag")).isEmpty();
    readDatabase.stubFor(options(urlEqualTo("/orders")).willReturn(aResponse().withStatus(204)));
    assertThat(send("OPTIONS", "/orders", "").statusCode()).isEqualTo(204);
  }

  @Test
  void positionThatAPromotionLostIsToldOnceWithAFreshToken() throws Exception {
    String kept = token("1:0/180");
    String lost = token("1:0/200");
    for (WireMockServer instance : List.of(writer, primary)) {
      reports(instance, "primary", "2:0/190", "1:0/180");
    }
    reports(replica, "replica", "2:0/190", null);
    // The writer answers on the new timeline first; the position endpoint may lag behind.
    await().until(() -> operator("/api/status").contains("\"position\":\"2:0/190\""));
    await().until(() -> send("GET", "/orders", "", "Freshet-Session", lost).statusCode() == 409);
    HttpResponse<String> told = send("POST", "/orders", "{}", "Freshet-Session", lost);
    assertProblem(told, 409, "position-lost");
    String fresh = told.headers().firstValue("Freshet-Session").orElseThrow();
    assertThat(fresh).startsWith("000000020000000000000190.");
    replica.stubFor(get("/orders").willReturn(answer("2:0/190")));
    assertThat(send("GET", "/orders", "", "Freshet-Session", fresh).statusCode()).isEqualTo(200);
    HttpResponse<String> honoured = send("GET", "/orders", "", "Freshet-Session", kept);
    assertThat(honoured.statusCode()).isEqualTo(200);
    assertThat(sessionAt(honoured)).isEqualTo("000000020000000000000190");
    assertThat(operator("/actuator/prometheus"))
        .containsPattern("freshet_tokens_refused_total\\{reason=\"lost\"} [1-9]");
  }

  @Test
  void statusSpeaksOfModelsThatAreBroken() throws Exception {
    primary.stubFor(get("/api/sync").willReturn(okJson("{\"state\":\"streaming\"}")));
    primary.stubFor(
        get("/api/models")
            .willReturn(
                okJson(
                    """
                    [{"name":"menu","state":"live","reason":""},
                     {"name":"sales","state":"faulty","reason":"1 dead letter."},
                     {"name":"board","state":"stopped","reason":"No such table."}]""")));
    gateway.close();
    Path routes = folder.resolve("routes.yaml");
    Files.writeString(
        routes, Files.readString(routes) + "sync: [ \"%s\" ]\n".formatted(primary.baseUrl()));
    gateway = startGateway();
    assertThat(operator("/api/status"))
        .startsWith(
            "{\"verdict\":{\"ok\":false,\"text\":\"Model board is stopped: No such table. And 1 more.\","
                + "\"problems\":[{\"code\":\"model-stopped\",\"text\":\"Model board is stopped: No such table.\",")
        .contains("{\"code\":\"model-faulty\",\"text\":\"Model sales is faulty: 1 dead letter.\",");
  }

  @Test
  void formerPrimaryGetsNoWritesWhenItComesBack() throws Exception {
    reports(primary, "primary", "2:0/190", "1:0/180");
    await().until(() -> operator("/api/status").contains("it is a former primary, on timeline 1"));
    assertProblem(send("POST", "/orders", "{}"), 503, "no-instance");
    assertThat(send("POST", "/orders", "{}").headers().firstValue("Retry-After")).isPresent();
    reports(writer, "primary", "2:0/190", "1:0/180");
    // Its answers are of timeline 1 still, past what the new primary has.
    await().until(() -> send("POST", "/orders", "{}").statusCode() != 503);
    assertProblem(send("POST", "/orders", "{}"), 504, "outcome-unknown");
    writer.stubFor(post("/orders").willReturn(answer("2:0/200")));
    HttpResponse<String> written = send("POST", "/orders", "{}");
    assertThat(written.statusCode()).isEqualTo(200);
    assertThat(sessionAt(written)).isEqualTo("000000020000000000000200");
  }

  @Test
  void tamperedTokenIsRefusedAndOneOfAnUnknownKeyIsAnsweredStrong() throws Exception {
    String good = token(WRITTEN);
    assertProblem(
        send("GET", "/orders", "", "Freshet-Session", good.replaceFirst("00200", "00100")),
        400,
        "bad-session");
    String unknown =
        new Sessions(
                SessionKeys.ofText("k2:" + "B".repeat(43) + "="),
                Duration.ofHours(1),
                Clock.systemUTC())
            .issue(Position.parse("1:0/1"), null, null);
    notCaughtUp(readDatabase);
    notCaughtUp(replica);
    HttpResponse<String> answer = send("GET", "/orders", "", "Freshet-Session", unknown);
    assertThat(source(answer)).isEqualTo("primary-reads;kind=primary;reason=fallback");
    assertThat(sessionAt(answer)).isEqualTo("000000010000000000000200");
    assertThat(operator("/actuator/prometheus"))
        .contains("freshet_tokens_refused_total{reason=\"tampered\"} 1.0")
        .contains("freshet_tokens_refused_total{reason=\"unknown-key\"} 1.0");
  }

  @Test
  void constantFallbacksOfOneClientAreRefusedBeforeThePrimaryDrowns() throws Exception {
    notCaughtUp(readDatabase);
    notCaughtUp(replica);
    String session = token(WRITTEN);
    int refused = 0;
    for (int i = 0; i < 200; i++) {
      HttpResponse<String> answer = send("GET", "/orders", "", "Freshet-Session", session);
      if (answer.statusCode() == 503) {
        assertProblem(answer, 503, "not-caught-up");
        assertThat(answer.headers().firstValue("Retry-After")).contains("1");
        refused++;
      }
    }
    assertThat(refused).isPositive();
    String other = SESSIONS.issue(Position.parse(WRITTEN), "another", null);
    assertThat(send("GET", "/orders", "", "Freshet-Session", other).statusCode()).isEqualTo(200);
  }

  @Test
  void copyThatIsKnownToLagByMoreThanTheWaitIsNotWaitedFor() throws Exception {
    replica.stubFor(
        get("/.freshet/position")
            .willReturn(
                aResponse()
                    .withHeader("Content-Type", "application/json")
                    .withBody(
                        "{\"position\":\"1:0/100\",\"kind\":\"replica\",\"lagSeconds\":0.5,\"ready\":true}")));
    await().until(() -> operator("/api/status").contains("\"lagSeconds\":0.5"));
    notCaughtUp(readDatabase);
    HttpResponse<String> answer = send("GET", "/orders", "", "Freshet-Session", token(WRITTEN));
    assertThat(source(answer)).isEqualTo("primary-reads;kind=primary;reason=fallback");
    replica.verify(0, getRequestedFor(urlEqualTo("/orders")));
    readDatabase.verify(1, getRequestedFor(urlEqualTo("/orders")));
  }

  /** The copies answer that they are behind where a position is asked for, the primary answers. */
  private void stubReads(String path) {
    for (WireMockServer copy : List.of(readDatabase, replica)) {
      copy.stubFor(get(path).atPriority(5).willReturn(answer(BEHIND)));
      copy.stubFor(
          get(path)
              .atPriority(4)
              .withHeader("Freshet-Min-Position", matching(".+"))
              .willReturn(notCaughtUp()));
    }
    primary.stubFor(get(path).willReturn(answer(WRITTEN)));
  }

  private static void reports(
      WireMockServer instance, String kind, String position, @Nullable String history) {
    instance.stubFor(
        get("/.freshet/position")
            .willReturn(
                aResponse()
                    .withHeader("Content-Type", "application/json")
                    .withBody(
                        "{\"position\":\"%s\",\"kind\":\"%s\",\"lagSeconds\":0.0,\"ready\":true,\"history\":%s}"
                            .formatted(
                                position,
                                kind,
                                history == null ? "null" : "\"" + history + "\""))));
  }

  @Test
  void internalHeadersAreStrippedBothWaysAndForwardingOnesAreOurs() throws Exception {
    readDatabase.stubFor(
        get("/orders/1")
            .willReturn(
                answer(BEHIND)
                    .withHeader("Freshet-Max-Wait", "1")
                    .withHeader("Connection", "X-Hop")
                    .withHeader("X-Hop", "1")
                    .withHeader("X-Kept", "1")
                    .withHeader("ETag", "\"v1\"")));
    HttpResponse<String> answer =
        send(
            "GET",
            "/orders/1",
            "",
            "Freshet-Min-Position",
            "1:F/0",
            "Freshet-Position",
            "1:F/0",
            "X-Forwarded-For",
            "8.8.8.8",
            "X-Mine",
            "1");
    assertThat(answer.headers().map())
        .doesNotContainKeys("freshet-position", "freshet-max-wait", "x-hop")
        .containsKeys("x-kept", "etag");
    readDatabase.verify(
        getRequestedFor(urlEqualTo("/orders/1"))
            .withoutHeader("Freshet-Min-Position")
            .withoutHeader("Freshet-Position")
            .withHeader("X-Mine", equalTo("1"))
            .withHeader("X-Forwarded-For", equalTo("127.0.0.1")));
  }

  @Test
  void oneHealthCheckThatIsLostTakesNoInstanceAwayAndTwoInARowDo() throws Exception {
    readDatabase.stubFor(
        get("/.freshet/position")
            .inScenario("slow once")
            .whenScenarioStateIs(Scenario.STARTED)
            .willReturn(aResponse().withStatus(404).withFixedDelay(1_500))
            .willSetStateTo("quick"));
    int before = readDatabase.findAll(getRequestedFor(urlEqualTo("/.freshet/position"))).size();
    Awaitility.await()
        .until(
            () -> {
              assertThat(operator("/api/status")).doesNotContain("\"state\":\"down\"");
              return readDatabase.findAll(getRequestedFor(urlEqualTo("/.freshet/position"))).size()
                  > before + 2;
            });
    readDatabase.stubFor(
        get("/.freshet/position").willReturn(aResponse().withStatus(404).withFixedDelay(1_500)));
    Awaitility.await().until(() -> operator("/api/status").contains("no answer within 1000 ms"));
  }

  private String explained(String request) throws Exception {
    return TestGateway.operate(
            gateway, "POST", "/api/explain", request, "Content-Type", "application/json")
        .body();
  }

  @Test
  void whereARequestWouldGoIsExplainedAndNothingIsSent() throws Exception {
    assertThat(explained("{\"method\":\"GET\",\"path\":\"/orders/1?x=1\",\"headers\":{}}"))
        .contains("\"route\":\"orders\",\"intent\":\"read\",\"decidedBy\":\"GET is a read\"")
        .contains("\"consistency\":\"session\"")
        .contains("\"instance\":\"read-1\",\"kind\":\"read-database\",\"position\":\"" + BEHIND)
        .contains("\"chosen\":\"read-1\"");
    assertThat(explained("{\"method\":\"POST\",\"path\":\"/search\"}"))
        .contains("\"decidedBy\":\"route search says that POST is a read\"");
    assertThat(explained("{\"method\":\"POST\",\"path\":\"/orders\"}"))
        .contains("\"intent\":\"write\"")
        .contains("\"chosen\":\"write-1\"");
    writer.stubFor(post("/orders").willReturn(answer(WRITTEN)));
    String token =
        send("POST", "/orders", "{}").headers().firstValue("Freshet-Session").orElseThrow();
    assertThat(
            explained(
                "{\"method\":\"GET\",\"path\":\"/orders\",\"headers\":{\"Freshet-Session\":\"%s\"}}"
                    .formatted(token)))
        .contains("\"mustInclude\":\"" + WRITTEN)
        .contains("\"reason\":\"waited\"")
        .contains("\"reason\":\"fallback\"");
    assertThat(explained("{\"method\":\"DELETE\",\"path\":\"/strict\"}"))
        .contains("\"code\":\"method-not-allowed\"");
    assertThat(explained("{\"method\":\"GET\",\"path\":\"/nowhere\"}"))
        .contains("\"code\":\"no-route\"");
    assertThat(
            explained(
                "{\"method\":\"GET\",\"path\":\"/orders\",\"headers\":{\"freshet-session\":[\"x\"]}}"))
        .contains("\"code\":\"bad-session\"");
    assertThat(explained("{}")).contains("Say which request");
    readDatabase.verify(0, getRequestedFor(urlEqualTo("/orders/1")));
  }

  @Test
  void refusalsCarryTheirCodes() throws Exception {
    assertProblem(send("GET", "/nowhere", ""), 404, "no-route");
    assertProblem(send("GET", "/.freshet/position", ""), 404, "no-route");
    HttpResponse<String> notAllowed = send("DELETE", "/strict", "");
    assertProblem(notAllowed, 405, "method-not-allowed");
    assertThat(notAllowed.headers().firstValue("Allow")).contains("GET, HEAD, OPTIONS, QUERY");
    assertProblem(send("TRACE", "/orders", ""), 405, "method-not-allowed");
    assertProblem(send("GET", "/orders", "", "Freshet-Session", "x"), 400, "bad-session");
    assertProblem(send("POST", "/orders", "{}", "Freshet-Session", "x"), 400, "bad-session");
    assertProblem(
        send("GET", "/orders", "", "Freshet-Consistency", "strong"), 400, "level-not-allowed");
    assertProblem(
        send("GET", "/orders", "", "Freshet-Consistency", "vague"), 400, "level-not-allowed");
  }

  @Test
  void pathThatABackendCouldReadDifferentlyIsRefused() throws Exception {
    for (String path :
        new String[] {
          "/orders/../strict", "/orders/%2e%2e/strict", "/orders/./1", "/%2efreshet/position"
        }) {
      assertThat(rawStatus("GET " + path)).as(path).matches("HTTP/1.1 40[04] .*");
    }
  }

  private String rawStatus(String line) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port("local.server.port"))) {
      socket
          .getOutputStream()
          .write((line + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
          .readLine();
    }
  }

  @Test
  void preflightGoesWhereGetWould() throws Exception {
    readDatabase.stubFor(
        options(urlEqualTo("/orders/1"))
            .willReturn(
                answer(BEHIND).withHeader("Access-Control-Allow-Origin", "https://a.example")));
    HttpResponse<String> preflight =
        send(
            "OPTIONS",
            "/orders/1",
            "",
            "Origin",
            "https://a.example",
            "Access-Control-Request-Method",
            "PUT");
    assertThat(preflight.headers().firstValue("Access-Control-Allow-Origin"))
        .contains("https://a.example");
    assertThat(source(preflight)).startsWith("read-1");
  }

  @Test
  void readWithABodyIsSentOnlyWhereItNeedsNotWait() throws Exception {
    readDatabase.stubFor(post("/search").willReturn(answer(BEHIND).withStatus(503)));
    replica.stubFor(post("/search").willReturn(answer(BEHIND).withStatus(503)));
    primary.stubFor(post("/search").withRequestBody(equalTo("q")).willReturn(answer(WRITTEN)));
    HttpResponse<String> answer = send("POST", "/search", "q", "Freshet-Session", token(WRITTEN));
    assertThat(source(answer)).isEqualTo("primary-reads;kind=primary;reason=fallback");
  }

  @Test
  void backendThatKnowsNothingOfPositionsWorks() throws Exception {
    writer.stubFor(get("/.freshet/position").willReturn(aResponse().withStatus(401)));
    await().until(() -> operator("/api/status").contains("does not report positions"));
    assertThat(send("POST", "/orders", "{}").statusCode()).isEqualTo(200);
  }

  @Test
  void tokenNeverTravelsOnAPublicAnswer() throws Exception {
    readDatabase.stubFor(
        get("/orders")
            .willReturn(answer(BEHIND).withHeader("Cache-Control", "public, max-age=60")));
    assertThat(send("GET", "/orders", "").headers().firstValue("Freshet-Session")).isEmpty();
  }

  @Test
  void postThatReadsIsARead() throws Exception {
    readDatabase.stubFor(post("/search").withRequestBody(equalTo("q")).willReturn(answer(BEHIND)));
    assertThat(source(send("POST", "/search", "q"))).startsWith("read-1");
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void readThatAnInstanceBreaksIsAnsweredByAnother(Fault fault) throws Exception {
    readDatabase.stubFor(get("/orders").willReturn(aResponse().withFault(fault)));
    HttpResponse<String> answer = send("GET", "/orders", "");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(source(answer)).startsWith("replica-1");
  }

  @Test
  void answerThatBreaksInItsMiddleIsNeverPassedOnAsWhole() throws Exception {
    try (ServerSocket broken = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answerHalf(broken));
      gateway.close(); // it would read the file, too
      Files.writeString(
          folder.resolve("routes.yaml"),
          """
          version: 1
          routes: [ { id: all, path: /**, read: { pool: broken } } ]
          pools:
            broken: { instances: [ { id: broken-1, url: "http://127.0.0.1:%d" } ] }
          """
              .formatted(broken.getLocalPort()));
      gateway = startGateway();
      // None of a small one has been sent yet.
      HttpResponse<String> small = send("GET", "/orders/100", "");
      assertThat(small.statusCode()).as(small.body()).isEqualTo(502);
      assertThatThrownBy(() -> send("GET", "/orders/1000000", "")).isInstanceOf(IOException.class);
    }
  }

  /** Answers every request with less than it announces, which is what its path says; closes. */
  private static void answerHalf(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        String asked =
            new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                .readLine();
        String answer =
            asked.contains("/.freshet/")
                ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\nhalf"
                    .formatted(asked.replaceAll(".*/(\\d+) .*", "$1"));
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        return;
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"CONNECTION_RESET_BY_PEER", "EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE"})
  void writeThatBreaksIsSentOnceAndItsOutcomeIsUnknown(Fault fault) throws Exception {
    writer.stubFor(post("/orders").willReturn(aResponse().withFault(fault)));
    assertProblem(send("POST", "/orders", "{}"), 504, "outcome-unknown");
    writer.verify(1, postRequestedFor(urlEqualTo("/orders")));
  }

  @Test
  void writeThatIsNotAnsweredInTimeHasAnUnknownOutcome() throws Exception {
    writer.stubFor(post("/orders").willReturn(aResponse().withFixedDelay(5_000)));
    assertProblem(send("POST", "/orders", "{}"), 504, "outcome-unknown");
    writer.verify(1, postRequestedFor(urlEqualTo("/orders")));
  }

  @Test
  void readThatOneInstanceDoesNotAnswerInTimeIsAnsweredByAnother() throws Exception {
    readDatabase.stubFor(get("/orders").willReturn(aResponse().withFixedDelay(5_000)));
    HttpResponse<String> answer = send("GET", "/orders", "");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Freshet-Source").orElseThrow())
        .doesNotContain("kind=read-database");
  }

  @Test
  void readThatNoInstanceAnswersInTimeIsATimeout() throws Exception {
    for (WireMockServer backend : List.of(readDatabase, replica, primary)) {
      backend.stubFor(get("/orders").willReturn(aResponse().withFixedDelay(5_000)));
    }
    assertProblem(send("GET", "/orders", ""), 504, "backend-timeout");
  }

  @Test
  void backendThatIsGoneIsLeftOutAndComesBack() throws Exception {
    int port = writer.port();
    writer.stop();
    assertProblem(send("POST", "/orders", "{}"), 502, "backend-unreachable");
    HttpResponse<String> next = send("POST", "/orders", "{}");
    assertProblem(next, 503, "no-instance");
    assertThat(next.headers().firstValue("Proxy-Status"))
        .contains("freshet; error=destination_unavailable");
    assertThat(operator("/api/status"))
        .contains("\"ok\":false")
        .contains("\"id\":\"write-1\",\"kind\":\"primary\",\"state\":\"down\"");

    writer =
        new WireMockServer(WireMockConfiguration.options().port(port).bindAddress("127.0.0.1"));
    writer.start();
    writer.stubFor(any(anyUrl()).willReturn(answer(WRITTEN)));
    writer.stubFor(
        get("/.freshet/position")
            .willReturn(
                aResponse()
                    .withBody(
                        "{\"position\":\"1:0/200\",\"kind\":\"primary\",\"lagSeconds\":0,\"ready\":true}")));
    await().until(() -> send("POST", "/orders", "{}").statusCode() == 200);
  }

  @Test
  void instanceThatDeclinesIsPassedOverForAReadAndBelievedForAWrite() throws Exception {
    readDatabase.stubFor(get("/orders").willReturn(aResponse().withStatus(503)));
    assertThat(source(send("GET", "/orders", ""))).startsWith("replica-1");
    writer.stubFor(post("/orders").willReturn(aResponse().withStatus(503).withBody("busy")));
    HttpResponse<String> refused = send("POST", "/orders", "{}");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).isEqualTo("busy");
  }

  @Test
  void clientThatGoesAwayLeavesNothingInFlight() throws Exception {
    readDatabase.stubFor(
        get("/orders")
            .willReturn(
                answer(BEHIND).withBody("x".repeat(1_000)).withChunkedDribbleDelay(200, 20_000)));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port("local.server.port"))) {
      socket
          .getOutputStream()
          .write("GET /orders HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      assertThat(operator("/api/status")).containsPattern("read-1[^}]*\"inFlight\":1");
    }
    await().until(() -> !operator("/api/status").contains("\"inFlight\":1"));
  }

  @Test
  void largeBodiesPassBothWays() throws Exception {
    byte[] large = new byte[8 << 20];
    Arrays.fill(large, (byte) 'x');
    writer.stubFor(post("/orders").willReturn(answer(WRITTEN).withBody(large)));
    HttpResponse<InputStream> answer =
        client.send(
            HttpRequest.newBuilder(uri("/orders"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(large))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.body().readAllBytes()).isEqualTo(large);
    assertThat(writer.findAll(postRequestedFor(urlEqualTo("/orders"))).getFirst().getBody())
        .isEqualTo(large);
  }

  @Test
  void healthEndpointsAnswerOnTheOperatorsPort() throws Exception {
    assertThat(operator("/actuator/health/readiness")).contains("\"status\":\"UP\"");
    assertThat(operator("/actuator/health/liveness")).contains("\"status\":\"UP\"");
    assertThat(send("GET", "/actuator/health", "").statusCode()).isEqualTo(404);
  }

  private static ResponseDefinitionBuilder notCaughtUp() {
    return aResponse()
        .withStatus(503)
        .withHeader("Freshet-Position", BEHIND)
        .withBody("{\"code\":\"not-caught-up\"}");
  }

  private static void notCaughtUp(WireMockServer backend) {
    backend.stubFor(get("/orders").willReturn(notCaughtUp()));
  }

  private static String token(String position) {
    return SESSIONS.issue(Position.parse(position), "session-1", null);
  }

  /** The position in an answer's token. */
  private static String sessionAt(HttpResponse<String> answer) {
    return answer.headers().firstValue("Freshet-Session").orElse("none").replaceFirst("\\..*", "");
  }

  private static String source(HttpResponse<String> answer) {
    return answer.headers().firstValue("Freshet-Source").orElse("none");
  }

  private static void assertProblem(HttpResponse<String> answer, int status, String code) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(answer.body()).contains("\"type\":\"urn:freshet:" + code + "\"");
    assertThat(answer.headers().firstValue("Proxy-Status")).isPresent();
    assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
  }

  private HttpResponse<String> send(String method, String path, String body, String... headers)
      throws Exception {
    return TestGateway.send(gateway, method, path, body, headers);
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port("local.server.port") + path);
  }

  private int port(String property) {
    return gateway.getEnvironment().getRequiredProperty(property, Integer.class);
  }

  private String operator(String path) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + port("local.management.port") + path))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
