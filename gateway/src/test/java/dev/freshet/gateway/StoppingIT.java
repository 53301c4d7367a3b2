package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** A gateway stops, and those who are told in time lose nothing. */
class StoppingIT {

  private static final TestCertificates OURS = new TestCertificates("ours");
  private static final Executor THREADS = task -> Thread.ofVirtual().start(task);

  @TempDir private Path folder;
  private final WireMockServer backend = TestServers.start();

  @BeforeEach
  void prepare() throws Exception {
    backend.stubFor(WireMock.any(WireMock.anyUrl()).willReturn(WireMock.ok("here")));
    backend.stubFor(
        WireMock.any(WireMock.urlEqualTo("/slow"))
            .willReturn(WireMock.ok("late").withFixedDelay(1_500)));
    backend.stubFor(
        WireMock.any(WireMock.urlEqualTo("/never"))
            .willReturn(WireMock.ok("never").withFixedDelay(30_000)));
    TestGateway.routeAllTo(backend.baseUrl(), folder);
  }

  @AfterEach
  void stop() {
    backend.stop();
  }

  private ConfigurableApplicationContext gateway(String delay, String timeout) {
    return TestGateway.startWith(
        folder,
        Map.of(
            "freshet.gateway.timeout",
            "60s",
            "freshet.drain-delay",
            delay,
            "spring.lifecycle.timeout-per-shutdown-phase",
            timeout));
  }

  private static CompletableFuture<Void> close(ConfigurableApplicationContext gateway) {
    return CompletableFuture.runAsync(gateway::close, THREADS);
  }

  private static String ask(Socket socket, String path) throws IOException {
    socket
        .getOutputStream()
        .write(
            "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                .formatted(path)
                .getBytes(StandardCharsets.US_ASCII));
    InputStream in = socket.getInputStream();
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().matches("(?s).*\r\n\r\n.*(here|late)")) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the connection ended after " + answer);
      }
      answer.append((char) next);
    }
    return answer.toString();
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(10_000);
    return socket;
  }

  @Test
  void whileItDrainsItIsNotReadyAndEachAnswerIsTheLastOfItsConnection() throws Exception {
    ConfigurableApplicationContext gateway = gateway("2s", "10s");
    int port = TestGateway.port(gateway);
    try (Socket idle = connect(port)) {
      assertThat(ask(idle, "/a")).doesNotContain("connection: close");
      CompletableFuture<Void> closed = close(gateway);
      awaitNotReady(gateway);
      assertThat(ask(idle, "/b")).containsIgnoringCase("connection: close");
      assertThat(idle.getInputStream().readAllBytes()).as("the rest").hasSizeLessThan(10);
      try (Socket late = connect(port)) {
        assertThat(ask(late, "/c")).containsIgnoringCase("connection: close");
      }
      closed.get(10, TimeUnit.SECONDS);
    }
    assertThatThrownBy(() -> connect(port)).isInstanceOf(ConnectException.class);
  }

  /** What was not said is not done: the client may use the connection once more. */
  @Test
  void answerThatBeganBeforeItDrainsLeavesTheConnectionOpen() throws Exception {
    backend.stubFor(
        WireMock.any(WireMock.urlEqualTo("/parts"))
            .willReturn(WireMock.ok("a".repeat(50_000) + "late").withChunkedDribbleDelay(20, 800)));
    ConfigurableApplicationContext gateway = gateway("6s", "10s");
    try (Socket client = connect(TestGateway.port(gateway))) {
      client
          .getOutputStream()
          .write("POST /parts HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] begin = client.getInputStream().readNBytes(100);
      CompletableFuture<Void> closed = close(gateway);
      assertThat(new String(begin, StandardCharsets.US_ASCII))
          .doesNotContainIgnoringCase("connection: close");
      StringBuilder rest = new StringBuilder();
      String end = "late\r\n0\r\n\r\n";
      while (rest.indexOf(end, rest.length() - end.length()) < 0) {
        int next = client.getInputStream().read();
        assertThat(next).as("after %s characters", rest.length()).isNotNegative();
        rest.append((char) next);
      }
      assertThat(ask(client, "/b")).containsIgnoringCase("connection: close");
      closed.get(15, TimeUnit.SECONDS);
    }
  }

  @Test
  void nothingIsTakenBehindAnAnswerThatSaysItIsTheLast() throws Exception {
    ConfigurableApplicationContext gateway = gateway("3s", "10s");
    try (Socket client = connect(TestGateway.port(gateway))) {
      CompletableFuture<Void> closed = close(gateway);
      awaitNotReady(gateway);
      client
          .getOutputStream()
          .write("POST /slow HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        head.append((char) client.getInputStream().read());
      }
      assertThat(head.toString()).containsIgnoringCase("connection: close");
      client
          .getOutputStream()
          .write("POST /behind HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .contains("late")
          .doesNotContain("HTTP/1.1");
      closed.get(15, TimeUnit.SECONDS);
      backend.verify(0, WireMock.anyRequestedFor(WireMock.urlEqualTo("/behind")));
    } catch (SocketException e) {
      // The rest of the answer may be gone with what was sent behind it.
      backend.verify(0, WireMock.anyRequestedFor(WireMock.urlEqualTo("/behind")));
    }
  }

  @Test
  void requestInFlightIsAnsweredWhileNewConnectionsAreRefused() throws Exception {
    ConfigurableApplicationContext gateway = gateway("0s", "10s");
    int port = TestGateway.port(gateway);
    try (Socket busy = connect(port)) {
      CompletableFuture<String> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return ask(busy, "/slow");
                } catch (IOException e) {
                  return e.toString();
                }
              },
              THREADS);
      awaitAsked("/slow");
      CompletableFuture<Void> closed = close(gateway);
      await()
          .atMost(Duration.ofSeconds(1))
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> connect(port).close())
                      .isInstanceOf(ConnectException.class));
      assertThat(answer.isDone()).isFalse();
      assertThat(answer.get(10, TimeUnit.SECONDS)).contains("late");
      closed.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void requestThatDoesNotEndIsCutOffAtTheBound() throws Exception {
    ConfigurableApplicationContext gateway = gateway("0s", "1s");
    try (Socket busy = connect(TestGateway.port(gateway))) {
      CompletableFuture<Void> asked =
          CompletableFuture.runAsync(
              () -> assertThatThrownBy(() -> ask(busy, "/never")).isInstanceOf(IOException.class));
      awaitAsked("/never");
      close(gateway).get(8, TimeUnit.SECONDS);
      asked.get(2, TimeUnit.SECONDS);
    }
  }

  @Test
  void clientOfHttp2IsToldWhichOfItsRequestsWereTaken() throws Exception {
    TestCertificates.write(OURS.give("gateway"), folder, "gateway");
    ConfigurableApplicationContext gateway =
        TestGateway.startWith(folder, TestGateway.tls(folder, "gateway"));
    try (RawHttp2 client =
        new RawHttp2(OURS.client(null), TestGateway.port(gateway)).send(RawHttp2.SETTINGS, 0, 0)) {
      client.get(1, "/slow");
      awaitAsked("/slow");
      CompletableFuture<Void> closed = close(gateway);
      client.await(frame -> frame.type() == RawHttp2.GOAWAY);
      assertThat(client.await(frame -> frame.type() == RawHttp2.DATA).payload()).isEqualTo("late");
      closed.get(10, TimeUnit.SECONDS);
    }
  }

  private static void awaitNotReady(ConfigurableApplicationContext gateway) {
    await()
        .atMost(Duration.ofSeconds(1))
        .untilAsserted(
            () ->
                assertThat(
                        TestGateway.operate(gateway, "GET", "/actuator/health/readiness", "")
                            .statusCode())
                    .isEqualTo(503));
  }

  private void awaitAsked(String path) {
    await()
        .until(
            () -> !backend.findAll(WireMock.anyRequestedFor(WireMock.urlEqualTo(path))).isEmpty());
  }
}
