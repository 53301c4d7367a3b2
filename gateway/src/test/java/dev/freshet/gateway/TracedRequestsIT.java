package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.serverError;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;

/** Spans of requests that don't go straight through. */
class TracedRequestsIT {

  private static final String EXPORTER = "otel.traces.exporter";
  private static final String PACE = "otel.bsp.schedule.delay";

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Far longer than the hedge's delay, and than the client waits that goes away. */
  private static final int LATE_MILLIS = 4_000;

  @TempDir Path folder;

  private final WireMockServer first = TestServers.answering("first");
  private final WireMockServer second = TestServers.answering("second");
  private final String trace =
      "%016x%016x".formatted(ThreadLocalRandom.current().nextLong(), 1 + System.nanoTime());
  private final String traceParent = "00-" + trace + "-00f067aa0ba902b7-01";
  private DisposableServer echo;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    echo =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .route(
                routes ->
                    routes
                        .get("/.freshet/position", (request, response) -> response.sendNotFound())
                        .ws("/ws", (in, out) -> out.sendString(Mono.just("hello"))))
            .bindNow();
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: hedged, path: /hedged, read: { pool: readers, hedge: { after: 50ms } } }
          - { id: filtered, path: /filtered/**, read: { pool: readers }, filters: [ "AddRequestHeader=X-Kind, b" ] }
          - { id: pages, path: /pages/**, read: { pool: readers }, cors: { origins: ["https://shop.example"] } }
          - { id: ws, path: /ws, read: { pool: sockets }, websocket: true }
          - { id: all, path: /**, read: { pool: readers } }
        pools:
          readers:
            instances:
              - { id: first, url: "%s", kind: read-database }
              - { id: second, url: "%s", kind: replica }
          sockets: { instances: [ { id: echo, url: "http://127.0.0.1:%d" } ] }
        """
            .formatted(first.baseUrl(), second.baseUrl(), echo.port()));
    gateway = startTracing(Map.of(EXPORTER, SpansInMemory.NAME));
  }

  private ConfigurableApplicationContext startTracing(Map<String, String> how) {
    Map<String, String> properties = new HashMap<>(how);
    properties.put(PACE, "20");
    properties.forEach(System::setProperty);
    try {
      return TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "20s"));
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }
  }

  @AfterEach
  void stop() {
    gateway.close();
    first.stop();
    second.stop();
    echo.disposeNow();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return TestGateway.send(gateway, "GET", path, "", "traceparent", traceParent);
  }

  private static String text(SpanData span, String attribute) {
    return String.valueOf(span.getAttributes().get(AttributeKey.stringKey(attribute)));
  }

  private static long status(SpanData span) {
    Long status = span.getAttributes().get(AttributeKey.longKey("http.response.status_code"));
    return status == null ? 0 : status;
  }

  /** Waits until the request's span and those of its attempts have ended, and gives all. */
  private List<SpanData> ended(String... outcomes) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              List<SpanData> all = SpansInMemory.of(trace);
              assertThat(all).anyMatch(TracedRequestsIT::isOfRequest);
              assertThat(outcomes(all)).containsExactlyInAnyOrder(outcomes);
            });
    return SpansInMemory.of(trace);
  }

  private static boolean isOfRequest(SpanData span) {
    return span.getKind() == SpanKind.SERVER;
  }

  private static SpanData ofRequest(List<SpanData> all) {
    return all.stream().filter(TracedRequestsIT::isOfRequest).findFirst().orElseThrow();
  }

  private static List<String> outcomes(List<SpanData> all) {
    return all.stream()
        .filter(span -> span.getKind() == SpanKind.CLIENT)
        .map(span -> text(span, "freshet.instance") + " " + text(span, "freshet.outcome"))
        .toList();
  }

  @Test
  void eachInstanceThatIsAskedHasASpanThatItIsToldOf() throws Exception {
    first.stubFor(any(urlEqualTo("/x")).willReturn(serverError().withStatus(503)));
    assertThat(get("/x").body()).isEqualTo("second");
    List<SpanData> all = ended("first declined", "second answered");
    SpanData request = ofRequest(all);
    assertThat(status(request)).isEqualTo(200);
    assertThat(request.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    assertThat(request.getParentSpanId()).isEqualTo("00f067aa0ba902b7");
    for (SpanData attempt : all) {
      if (!isOfRequest(attempt)) {
        assertThat(attempt.getParentSpanId()).isEqualTo(request.getSpanId());
        assertThat(attempt.getEndEpochNanos()).isLessThanOrEqualTo(request.getEndEpochNanos());
        WireMockServer asked = text(attempt, "freshet.instance").equals("first") ? first : second;
        assertThat(asked.findAll(getRequestedFor(urlEqualTo("/x"))))
            .singleElement()
            .extracting(told -> told.getHeader("traceparent"))
            .isEqualTo("00-" + trace + "-" + attempt.getSpanId() + "-01");
      }
    }
    assertThat(all.stream().filter(span -> outcomes(List.of(span)).contains("first declined")))
        .allMatch(span -> span.getStatus().getStatusCode() == StatusCode.ERROR);
  }

  @Test
  void copyThatIsOvertakenIsGivenUpAndNotToBlame() throws Exception {
    first.stubFor(any(urlEqualTo("/hedged")).willReturn(ok("late").withFixedDelay(LATE_MILLIS)));
    assertThat(get("/hedged").body()).isEqualTo("second");
    assertThat(ended("first given-up", "second answered"))
        .allMatch(span -> span.getStatus().getStatusCode() == StatusCode.UNSET);
  }

  @Test
  void requestThatPassesFiltersIsOneTraceToo() throws Exception {
    assertThat(get("/filtered/1").body()).isEqualTo("first");
    List<SpanData> all = ended("first answered");
    assertThat(all)
        .filteredOn(span -> !isOfRequest(span))
        .allMatch(attempt -> attempt.getParentSpanId().equals(ofRequest(all).getSpanId()));
    assertThat(ofRequest(all).getName()).isEqualTo("GET /filtered/**");
    assertThat(text(ofRequest(all), "freshet.route")).isEqualTo("filtered");
    assertThat(text(ofRequest(all), "freshet.source")).isEqualTo("first");
  }

  @Test
  void clientThatGoesAwayIsSaidToHaveGone() throws Exception {
    first.stubFor(any(anyUrl()).willReturn(ok("late").withFixedDelay(LATE_MILLIS)));
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      client
          .getOutputStream()
          .write(
              "GET /slow HTTP/1.1\r\nHost: x\r\ntraceparent: %s\r\n\r\n"
                  .formatted(traceParent)
                  .getBytes(StandardCharsets.US_ASCII));
      await()
          .atMost(PATIENCE)
          .until(() -> !first.findAll(getRequestedFor(urlEqualTo("/slow"))).isEmpty());
    }
    SpanData request = ofRequest(ended("first given-up"));
    assertThat(text(request, "error.type")).isEqualTo("client-gone");
    assertThat(status(request)).isZero();
  }

  @Test
  void webSocketIsToldAsOpened() {
    assertThat(
            HttpClient.create()
                .headers(headers -> headers.set("traceparent", traceParent))
                .websocket()
                .uri("ws://127.0.0.1:%d/ws".formatted(TestGateway.port(gateway)))
                .handle((in, out) -> in.receive().asString())
                .blockFirst(PATIENCE))
        .isEqualTo("hello");
    SpanData request = ofRequest(ended("echo answered"));
    assertThat(status(request)).isEqualTo(101);
    assertThat(text(request, "freshet.route")).isEqualTo("ws");
  }

  @Test
  void preflightHasItsRoute() throws Exception {
    HttpResponse<String> answer =
        TestGateway.send(
            gateway,
            "OPTIONS",
            "/pages/1",
            "",
            "traceparent",
            traceParent,
            "Origin",
            "https://shop.example",
            "Access-Control-Request-Method",
            "GET");
    assertThat(answer.statusCode()).isLessThan(300);
    assertThat(ofRequest(ended()).getName()).isEqualTo("OPTIONS /pages/**");
  }

  @Test
  void stateOfATraceDoesNotOutliveItsParent() throws Exception {
    TestGateway.send(gateway, "GET", "/y", "", "tracestate", "vendor=1", "traceparent", "broken");
    assertThat(first.findAll(getRequestedFor(urlEqualTo("/y"))))
        .singleElement()
        .satisfies(
            told -> {
              assertThat(told.containsHeader("tracestate")).isFalse();
              assertThat(told.getHeader("traceparent"))
                  .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]");
            });
    TestGateway.send(
        gateway,
        "GET",
        "/z",
        "",
        "tracestate",
        "a=1",
        "tracestate",
        "b=2",
        "traceparent",
        traceParent);
    assertThat(first.findAll(getRequestedFor(urlEqualTo("/z"))))
        .singleElement()
        .extracting(told -> told.getHeader("tracestate"))
        .isEqualTo("a=1,b=2");
  }

  @Test
  void spansGoByGrpcWhereThatIsAskedFor() throws Exception {
    Queue<String> calls = new ConcurrentLinkedQueue<>();
    DisposableServer collector =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .protocol(HttpProtocol.H2C)
            .handle(
                (request, response) -> {
                  calls.add(request.uri() + " " + request.requestHeaders().get("content-type"));
                  return request
                      .receive()
                      .then(
                          response
                              .header("content-type", "application/grpc")
                              .header("grpc-status", "0")
                              .send());
                })
            .bindNow();
    gateway.close();
    gateway =
        startTracing(
            Map.of(
                "otel.exporter.otlp.endpoint",
                "http://127.0.0.1:" + collector.port(),
                "otel.exporter.otlp.protocol",
                "grpc"));
    try {
      assertThat(get("/x").statusCode()).isEqualTo(200);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(calls)
                      .contains(
                          "/opentelemetry.proto.collector.trace.v1.TraceService/Export application/grpc"));
    } finally {
      collector.disposeNow();
    }
  }
}
