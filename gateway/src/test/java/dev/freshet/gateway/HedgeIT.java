package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Another copy is asked, too, when one is late; the first to answer counts. */
class HedgeIT {

  /** Far longer than the hedge's delay, and shorter than the gateway's timeout. */
  private static final int LATE_MILLIS = 4_000;

  @TempDir Path folder;

  private final WireMockServer first = TestServers.answering("first");
  private final WireMockServer second = TestServers.answering("second");
  private final WireMockServer primary = TestServers.answering("primary");
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: patient, path: /patient, read: { pool: readers, hedge: { after: 10s } } }
          - { id: lonely, path: /lonely, read: { pool: lonely, hedge: { after: 50ms } } }
          - { id: all, path: /**, read: { pool: readers, hedge: { after: 50ms } }, write: { pool: writers } }
        pools:
          readers:
            instances:
              - { id: first, url: "%1$s", kind: read-database }
              - { id: second, url: "%2$s", kind: replica }
          lonely:
            instances:
              - { id: alone, url: "%1$s", kind: replica }
              - { id: primary-reads, url: "%3$s", kind: primary }
          writers:
            instances:
              - { id: writer, url: "%1$s" }
              - { id: other-writer, url: "%2$s" }
        """
            .formatted(first.baseUrl(), second.baseUrl(), primary.baseUrl()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "20s"));
  }

  @AfterEach
  void stop() {
    gateway.close();
    first.stop();
    second.stop();
    primary.stop();
  }

  private static ResponseDefinitionBuilder late(String answer) {
    return ok(answer).withFixedDelay(LATE_MILLIS);
  }

  private static void answers(
      WireMockServer server, String path, ResponseDefinitionBuilder answer) {
    server.stubFor(any(urlEqualTo(path)).willReturn(answer));
  }

  private static int asked(WireMockServer server, String path) {
    return server.countRequestsMatching(getRequestedFor(urlEqualTo(path)).build()).getCount();
  }

  private HttpResponse<String> read(String path) throws Exception {
    return TestGateway.send(gateway, "GET", path, "");
  }

  private static String source(HttpResponse<String> answer) {
    return answer.headers().firstValue("Freshet-Source").orElseThrow();
  }

  private String metrics() throws Exception {
    return TestGateway.operate(gateway, "GET", "/actuator/prometheus", "").body();
  }

  private static String counted(String route, String outcome, int count) {
    return "freshet_hedged_total{outcome=\"%s\",route=\"%s\"} %d.0"
        .formatted(outcome, route, count);
  }

  @Test
  void secondAnswersWhenTheFirstIsLateWhichIsGivenUp() throws Exception {
    answers(first, "/x", late("first"));
    HttpResponse<String> answer = read("/x");
    assertThat(answer.body()).isEqualTo("second");
    assertThat(source(answer)).isEqualTo("second;kind=replica;reason=any;hedged");
    assertThat(metrics()).contains(counted("all", "won", 1));
    await()
        .atMost(Duration.ofMillis(LATE_MILLIS / 2))
        .untilAsserted(
            () ->
                assertThat(TestGateway.operate(gateway, "GET", "/api/status", "").body())
                    .doesNotContain("\"inFlight\":1"));
  }

  @Test
  void firstAnswersAloneWhenItIsInTime() throws Exception {
    for (int i = 0; i < 20; i++) {
      assertThat(read("/patient").body()).isEqualTo("first");
    }
    assertThat(asked(first, "/patient")).isEqualTo(20);
    assertThat(asked(second, "/patient")).isZero();
  }

  @Test
  void firstAnswersAfterAllWhenItIsFaster() throws Exception {
    answers(first, "/x", ok("first").withFixedDelay(500));
    answers(second, "/x", late("second"));
    HttpResponse<String> answer = read("/x");
    assertThat(answer.body()).isEqualTo("first");
    assertThat(source(answer)).isEqualTo("first;kind=read-database;reason=any");
    assertThat(metrics()).contains(counted("all", "lost", 1));
  }

  @Test
  void oneThatFailsLeavesTheReadToTheOther() throws Exception {
    answers(first, "/x", ok("first").withFixedDelay(1_000));
    answers(second, "/x", aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER));
    assertThat(read("/x").body()).isEqualTo("first");
    answers(second, "/y", ok("second").withFixedDelay(1_000));
    answers(first, "/y", aResponse().withStatus(503).withFixedDelay(300));
    assertThat(read("/y").body()).isEqualTo("second");
  }

  @Test
  void refusalOfBothIsTheClients() throws Exception {
    answers(first, "/x", aResponse().withStatus(503).withFixedDelay(300));
    answers(second, "/x", aResponse().withStatus(503).withFixedDelay(600));
    assertThat(read("/x").statusCode()).isEqualTo(503);
    assertThat(metrics()).contains(counted("all", "failed", 1));
    assertThat(asked(first, "/x")).isEqualTo(1);
    assertThat(asked(second, "/x")).isEqualTo(1);
  }

  @Test
  void longAnswerOfOneIsNotMixedWithTheOthersWhichIsGivenUpAtOnce() throws Exception {
    String ofFirst = "1".repeat(300_000);
    answers(first, "/x", ok(ofFirst).withFixedDelay(500).withChunkedDribbleDelay(40, 3_000));
    answers(second, "/x", late("second"));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<HttpResponse<String>> answer = threads.submit(() -> read("/x"));
      await().until(() -> metrics().contains(counted("all", "lost", 1)));
      String status = TestGateway.operate(gateway, "GET", "/api/status", "").body();
      assertThat(answer).isNotDone();
      assertThat(status).containsPattern("\"id\":\"first\"[^}]*\"inFlight\":1");
      assertThat(status).containsPattern("\"id\":\"second\"[^}]*\"inFlight\":0");
      assertThat(answer.get().body()).isEqualTo(ofFirst);
    }
  }

  /** 200 that are saved, one for every five reads, and ten a second; see RetryBudget. */
  @Test
  void noMoreReadsAreSentTwiceThanMayBeTriedAgain() throws Exception {
    int reads = 1_000;
    AtomicInteger asked = new AtomicInteger();
    try (SlowServer slow = new SlowServer(Duration.ofMillis(300), asked);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      gateway.close();
      Files.writeString(
          folder.resolve("routes.yaml"),
          """
          version: 1
          routes: [ { id: all, path: /**, read: { pool: readers, hedge: { after: 50ms } } } ]
          pools:
            readers:
              instances:
                - { id: one, url: "%1$s", kind: replica }
                - { id: two, url: "%1$s", kind: replica }
          """
              .formatted(slow.url()));
      gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
      long started = System.nanoTime();
      Semaphore atATime = new Semaphore(100);
      List<Future<Integer>> running =
          IntStream.range(0, reads)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            atATime.acquire();
                            try {
                              return read("/x").statusCode();
                            } finally {
                              atATime.release();
                            }
                          }))
              .toList();
      for (Future<Integer> answer : running) {
        assertThat(answer.get()).isEqualTo(200);
      }
      long seconds = Duration.ofNanos(System.nanoTime() - started).toSeconds() + 1;
      assertThat(asked.get() - reads).isBetween(200, (int) (200 + reads / 5 + 10 * seconds));
      assertThat(metrics()).contains("freshet_hedged_total{outcome=\"refused\"");
    }
  }

  /** Takes its time over each answer, to any number of them at once. */
  private static final class SlowServer implements AutoCloseable {

    private final HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    SlowServer(Duration delay, AtomicInteger asked) throws IOException {
      server.setExecutor(threads);
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              if (exchange.getRequestURI().getPath().equals("/x")) {
                asked.incrementAndGet();
                LockSupport.parkNanos(delay.toNanos());
                exchange.sendResponseHeaders(200, -1);
              } else {
                exchange.sendResponseHeaders(404, -1);
              }
            }
          });
      server.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
      server.stop(0);
      threads.close();
    }
  }

  @Test
  void writesAreSentOnceAndThePrimaryIsSpared() throws Exception {
    answers(first, "/w", late("first"));
    assertThat(TestGateway.send(gateway, "POST", "/w", "{}").body()).isEqualTo("first");
    second.verify(0, postRequestedFor(urlEqualTo("/w")));
    answers(first, "/lonely", late("first"));
    assertThat(read("/lonely").body()).isEqualTo("first");
    assertThat(asked(primary, "/lonely")).isZero();
    assertThat(metrics()).doesNotContain("freshet_hedged_total");
  }
}
