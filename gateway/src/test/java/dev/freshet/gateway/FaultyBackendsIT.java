package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ConfigurableApplicationContext;

/** Reads are answered while one instance works, on time; no write is sent twice. */
class FaultyBackendsIT {

  @TempDir Path folder;

  private WireMockServer good;
  private WireMockServer bad;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    good = TestServers.start();
    bad = TestServers.start();
    good.stubFor(any(anyUrl()).willReturn(okJson("{}")));
    for (WireMockServer backend : List.of(good, bad)) {
      backend.stubFor(get("/.freshet/position").willReturn(notFound()));
    }
    gateway =
        gateway(
            """
            version: 1
            routes:
              - { id: all, path: /**, read: { pool: readers }, write: { pool: writers } }
            pools:
              readers:
                instances:
                  - { id: bad, url: "http://127.0.0.1:%1$d", kind: replica }
                  - { id: good, url: "http://127.0.0.1:%2$d", kind: replica }
              writers:
                instances:
                  - { id: bad-write, url: "http://127.0.0.1:%1$d" }
                  - { id: good-write, url: "http://127.0.0.1:%2$d" }
            """
                .formatted(bad.port(), good.port()));
  }

  private ConfigurableApplicationContext gateway(String routes) throws IOException {
    Files.writeString(folder.resolve("routes.yaml"), routes);
    return TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    good.stop();
    bad.stop();
  }

  private void badAnswers(ResponseDefinitionBuilder answer) {
    bad.stubFor(any(urlEqualTo("/x")).willReturn(answer));
  }

  private HttpResponse<String> read() throws Exception {
    return TestGateway.send(gateway, "GET", "/x", "");
  }

  private String status() throws Exception {
    return TestGateway.operate(gateway, "GET", "/api/status", "").body();
  }

  private int asked() {
    return bad.countRequestsMatching(getRequestedFor(urlEqualTo("/x")).build()).getCount();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER"})
  void noReadFailsAndTheBadInstanceIsEjected(Fault fault) throws Exception {
    badAnswers(aResponse().withFault(fault));
    for (int i = 0; i < 200; i++) {
      assertThat(read()).returns(200, HttpResponse::statusCode);
    }
    assertThat(asked()).isBetween(1, 10);
    assertThat(good.countRequestsMatching(getRequestedFor(urlEqualTo("/x")).build()).getCount())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER"})
  void writeThatGetsNoAnswerIsSentOnceAndSaysSo(Fault fault) throws Exception {
    badAnswers(aResponse().withFault(fault));
    HttpResponse<String> answer = TestGateway.send(gateway, "POST", "/x", "{}");
    assertThat(answer.statusCode()).isEqualTo(504);
    assertThat(answer.body()).contains("outcome-unknown");
    assertThat(
            bad.countRequestsMatching(postRequestedFor(urlEqualTo("/x")).build()).getCount()
                + good.countRequestsMatching(postRequestedFor(urlEqualTo("/x")).build()).getCount())
        .isEqualTo(1);
  }

  @Test
  void instanceThatSaysThatItFailsIsEjectedAndComesBack() throws Exception {
    badAnswers(aResponse().withStatus(503));
    while (!status().contains("\"state\":\"ejected\"")) {
      inParallel(20, this::read)
          .forEach(answer -> assertThat(answer).returns(200, HttpResponse::statusCode));
    }
    assertThat(status())
        .contains("requests in a row failed, and is ejected for 5 s: it answers 503");
    badAnswers(okJson("{}"));
    int before = asked();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              inParallel(4, this::read);
              return asked() > before;
            });
    assertThat(status()).contains("\"state\":\"slow-start\"");
  }

  @Test
  void instanceThatIsNotCaughtUpIsNotToBlame() throws Exception {
    badAnswers(aResponse().withStatus(503).withHeader("Freshet-Position", "1:0/1"));
    for (int i = 0; i < 5; i++) {
      inParallel(20, this::read)
          .forEach(answer -> assertThat(answer).returns(200, HttpResponse::statusCode));
    }
    assertThat(asked()).isGreaterThan(5);
    assertThat(status()).doesNotContain("ejected").doesNotContain("suspect");
  }

  @Test
  void whenAllFailNoneIsEjected() throws Exception {
    badAnswers(aResponse().withStatus(503));
    good.stubFor(any(urlEqualTo("/x")).willReturn(aResponse().withStatus(503)));
    for (int i = 0; i < 50; i++) {
      assertThat(read()).returns(503, HttpResponse::statusCode);
    }
    good.stubFor(any(urlEqualTo("/x")).willReturn(okJson("{}")));
    badAnswers(okJson("{}"));
    assertThat(read()).returns(200, HttpResponse::statusCode);
  }

  @Test
  void streamThatTurnsToGarbageIsNoWholeAnswer() {
    badAnswers(aResponse().withFault(Fault.MALFORMED_RESPONSE_CHUNK));
    good.stubFor(
        any(urlEqualTo("/x")).willReturn(aResponse().withFault(Fault.MALFORMED_RESPONSE_CHUNK)));
    assertThatThrownBy(this::read).isInstanceOf(IOException.class);
  }

  @Test
  void readThatHangsMovesOnceItsInstanceIsKnownToHang() throws Exception {
    try (SilentBackend silent = new SilentBackend()) {
      gateway.close();
      gateway =
          gateway(
              """
              version: 1
              routes: [ { id: all, path: /**, read: { pool: readers } } ]
              pools:
                readers:
                  instances:
                    - { id: silent, url: "http://127.0.0.1:%d", kind: read-database }
                    - { id: good, url: "http://127.0.0.1:%d", kind: replica }
              """
                  .formatted(silent.port(), good.port()));
      silent.hang();
      long started = System.nanoTime();
      HttpResponse<String> answer = read();
      assertThat(answer.headers().firstValue("Freshet-Source").orElseThrow()).startsWith("good;");
      assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(8));
    }
  }

  @Test
  void readThatHangsOnAnInstanceThatSeemsWellIsAskedElsewhereInTime() throws Exception {
    gateway.close();
    gateway = TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "2s"));
    badAnswers(okJson("{}").withFixedDelay(60_000));
    long started = System.nanoTime();
    for (HttpResponse<String> answer : inParallel(20, this::read)) {
      assertThat(answer).returns(200, HttpResponse::statusCode);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(2));
    assertThat(status()).contains("\"state\":\"ejected\"");
  }

  @Test
  void earlyHintsAreNotTakenForAnotherRequestsAnswer() throws Exception {
    try (SilentBackend hinting = new SilentBackend()) {
      hinting.hint();
      gateway.close();
      gateway =
          gateway(
              """
              version: 1
              routes: [ { id: all, path: /**, read: { pool: readers } } ]
              pools:
                readers:
                  instances:
                    - { id: hinting, url: "http://127.0.0.1:%d", kind: read-database }
                    - { id: good, url: "http://127.0.0.1:%d", kind: replica }
              """
                  .formatted(hinting.port(), good.port()));
      for (int i = 0; i < 20; i++) {
        assertThat(read()).returns(200, HttpResponse::statusCode).returns("{}", HttpResponse::body);
      }
    }
  }

  @Test
  void answerThatBreaksOffBeforeItWasPassedIsAskedForElsewhere() throws Exception {
    try (SilentBackend breaking = new SilentBackend()) {
      gateway.close();
      gateway =
          gateway(
              """
              version: 1
              routes: [ { id: all, path: /**, read: { pool: readers } } ]
              pools:
                readers:
                  instances:
                    - { id: breaking, url: "http://127.0.0.1:%d", kind: read-database }
                    - { id: good, url: "http://127.0.0.1:%d", kind: replica }
              """
                  .formatted(breaking.port(), good.port()));
      assertThat(read()).returns(200, HttpResponse::statusCode).returns("{}", HttpResponse::body);
    }
  }

  @Test
  void instanceGetsNoMoreThanItsLimitAndTheRestIsToldWhenToTryAgain() throws Exception {
    good.stubFor(any(urlEqualTo("/x")).willReturn(okJson("{}").withFixedDelay(2_000)));
    gateway.close();
    gateway =
        gateway(
            """
            version: 1
            routes: [ { id: all, path: /**, read: { pool: readers } } ]
            pools:
              readers:
                instances: [ { id: good, url: "http://127.0.0.1:%d", kind: replica, limit: 4 } ]
            """
                .formatted(good.port()));
    List<HttpResponse<String>> answers = inParallel(40, this::read);
    assertThat(answers).anyMatch(answer -> answer.statusCode() == 200);
    assertThat(answers)
        .filteredOn(answer -> answer.statusCode() != 200)
        .isNotEmpty()
        .allSatisfy(
            answer -> {
              assertThat(answer.statusCode()).isEqualTo(503);
              assertThat(answer.body()).contains("no-instance", "is at its limit of requests");
              assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
            });
  }

  private static <T> List<T> inParallel(int count, Callable<T> task) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<T>> running =
          IntStream.range(0, count).mapToObj(i -> threads.submit(task)).toList();
      return running.stream().map(FaultyBackendsIT::resultOf).toList();
    }
  }

  private static <T> T resultOf(Future<T> running) {
    try {
      return running.get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Knows nothing of positions; answers a part of what it announces, or nothing any more. */
  private static final class SilentBackend implements AutoCloseable {

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private volatile boolean hangs;
    private volatile String first = "";

    SilentBackend() throws IOException {
      Thread.ofVirtual().start(this::accept);
    }

    int port() {
      return server.getLocalPort();
    }

    void hint() {
      first = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    }

    void hang() {
      hangs = true;
    }

    private void accept() {
      while (!server.isClosed()) {
        try {
          Socket socket = server.accept();
          Thread.ofVirtual().start(() -> serve(socket));
        } catch (IOException e) {
          // The test has ended.
        }
      }
    }

    private void serve(Socket socket) {
      try (socket) {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
          head.append((char) socket.getInputStream().read());
        }
        if (hangs) {
          socket.getInputStream().read(); // until the gateway closes it
          return;
        }
        String answer =
            head.indexOf("GET /.freshet/") == 0
                ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                : first + "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // The gateway closed it.
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
