package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Clients that send or take little by little, or too much: told so, and their connections closed.
 */
class SlowClientsIT {

  private static final int MOST_BODY_BYTES = 10 * 1024;
  private static final String POST = "POST /a HTTP/1.1\r\nHost: x\r\n";

  @TempDir Path folder;

  private RecordingBackend backend;
  private ServerSocket large;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    backend = new RecordingBackend();
    large = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: large, path: /large, read: { pool: large } }
          - { id: all, path: /**, read: { pool: one }, write: { pool: one } }
        pools:
          one: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] }
          large: { instances: [ { id: large, url: "http://127.0.0.1:%d" } ] }
        """
            .formatted(backend.port(), large.getLocalPort()));
    Thread.ofVirtual().start(this::serveLarge);
    gateway =
        TestGateway.start(
            folder,
            Map.of(
                "data", folder.toString(),
                "timeout", "1s",
                "head-timeout", "1s",
                "client-patience", "1s",
                "max-body", MOST_BODY_BYTES + "B"));
  }

  /** Answers questions after its position, and anything else with more than sockets hold. */
  private void serveLarge() {
    while (!large.isClosed()) {
      try (Socket socket = large.accept()) {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
          head.append((char) socket.getInputStream().read());
        }
        OutputStream out = socket.getOutputStream();
        if (head.indexOf("GET /.freshet/") == 0) {
          out.write(
              "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
        } else {
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
          for (int i = 0; i < 1_000; i++) {
            out.write(new byte[100_000]);
          }
        }
      } catch (IOException e) {
        // The gateway closed it, or the test has ended.
      }
    }
  }

  @AfterEach
  void stop() throws Exception {
    gateway.close();
    backend.close();
    large.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(8 * 1024);
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), TestGateway.port(gateway)));
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** What comes until the gateway closes the connection. */
  private static String rest(Socket socket) throws IOException {
    StringBuilder answer = new StringBuilder();
    try {
      for (int next; (next = socket.getInputStream().read()) >= 0; ) {
        answer.append((char) next);
      }
    } catch (SocketException e) {
      assertThat(answer).as("what came before it was reset").isNotEmpty();
    }
    return answer.toString();
  }

  /** Sends a text byte by byte, 50 ms apart, until it is sent or nobody takes it. */
  private static void trickle(Socket socket, String text) {
    CountDownLatch never = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                for (int i = 0; i < text.length(); i++) {
                  send(socket, text.substring(i, i + 1));
                  never.await(50, TimeUnit.MILLISECONDS);
                }
              } catch (IOException | InterruptedException e) {
                // The gateway has closed it.
              }
            });
  }

  @Test
  void headThatStopsAmidstIsToldSo() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /a HTTP/1.1\r\nHo");
      assertThat(rest(socket)).startsWith("HTTP/1.1 408 ").contains("request-timeout");
    }
    assertThat(backend.received()).isEmpty();
  }

  @Test
  void headThatTricklesIsNotWaitedForEither() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
      await().until(() -> backend.received().contains("/first"));
      trickle(socket, "GET /a HTTP/1.1\r\nX: " + "y".repeat(1_000));
      assertThat(rest(socket)).startsWith("HTTP/1.1 200 ").contains("okHTTP/1.1 408 ");
    }
    assertThat(backend.received()).doesNotContain("/a");
  }

  @Test
  void contentThatTricklesIsNotEndedForTheBackendWhichIsNotToBlame() throws Exception {
    try (Socket socket = connect()) {
      send(socket, POST + "Content-Length: 1000\r\n\r\n");
      trickle(socket, "x".repeat(1_000));
      assertThat(rest(socket)).startsWith("HTTP/1.1 408 ").contains("request-timeout");
    }
    await().until(() -> backend.brokenOff() == 1);
    assertThat(TestGateway.operate(gateway, "GET", "/api/status", "").body())
        .contains("\"id\":\"one\",\"kind\":\"primary\",\"state\":\"ready\"");
  }

  @Test
  void contentThatKeepsComingMayTakeLongerThanAnAnswer() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (Socket socket = connect()) {
      send(socket, POST + "Content-Length: 6000\r\n\r\n");
      for (int i = 0; i < 10; i++) {
        send(socket, "x".repeat(600));
        assertThat(never.await(200, TimeUnit.MILLISECONDS)).isFalse();
      }
      assertThat((char) socket.getInputStream().read()).isEqualTo('H');
      assertThat(new String(socket.getInputStream().readNBytes(11), StandardCharsets.US_ASCII))
          .isEqualTo("TTP/1.1 200");
    }
  }

  @Test
  void clientThatTakesNothingOfItsAnswerIsCutOff() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
      await().until(() -> status().contains("\"inFlight\":1"));
      await().atMost(Duration.ofSeconds(20)).until(() -> !status().contains("\"inFlight\":1"));
      assertThat(rest(socket).length()).isLessThan(100_000_000);
    }
  }

  private String status() throws Exception {
    return TestGateway.operate(gateway, "GET", "/api/status", "").body();
  }

  @Test
  void contentThatIsTooLongIsRefusedHoweverItIsFramed() throws Exception {
    String most = "x".repeat(MOST_BODY_BYTES);
    try (Socket socket = connect()) {
      send(socket, POST + "Content-Length: %d\r\n\r\n".formatted(MOST_BODY_BYTES + 1));
      assertThat(rest(socket)).startsWith("HTTP/1.1 413 ").contains("too-large");
    }
    assertThat(backend.received()).isEmpty();
    try (Socket socket = connect()) {
      send(
          socket,
          POST
              + "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n1\r\nx\r\n0\r\n\r\n"
                  .formatted(MOST_BODY_BYTES, most));
      assertThat(rest(socket)).startsWith("HTTP/1.1 413 ").contains("too-large");
    }
    await().until(() -> backend.brokenOff() == 1);
    try (Socket socket = connect()) {
      send(
          socket,
          POST
              + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                  .formatted(MOST_BODY_BYTES, most));
      assertThat(rest(socket)).startsWith("HTTP/1.1 200 ");
    }
  }
}
