package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.gateway.RawHttp2.Frame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Requests that are refused before their content was read: the client has its answer, however it
 * sends its content, and no request after it is taken for a part of it.
 */
class RefusedContentIT {

  private static final int MOST_BYTES = 100_000;

  /** Refusals by path, with their statuses; the last takes content up to the gateway's bound. */
  private static final Map<String, Integer> REFUSALS =
      Map.of("/none/x", 404, "/read-only", 405, "/scarce", 429, "/a/../b", 400, "/all", 413);

  private static final int[] LENGTHS = {20_000, 300_000, 2_000_000};

  /** A request that is refused, and how its content is sent. */
  record Sending(String path, int length, boolean isChunked, boolean closes) {

    int status() {
      return !isChunked && length > MOST_BYTES ? 413 : REFUSALS.getOrDefault(path, 0);
    }

    String head() {
      return "POST %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n"
          .formatted(
              path,
              isChunked
                  ? "Transfer-Encoding: chunked\r\n"
                  : "Content-Length: %d\r\n".formatted(length),
              closes ? "Connection: close\r\n" : "");
    }

    String content() {
      return isChunked
          ? "%x\r\n%s\r\n0\r\n\r\n".formatted(length, "x".repeat(length))
          : "x".repeat(length);
    }
  }

  static final List<Sending> SENDINGS = sendings();

  private static List<Sending> sendings() {
    List<Sending> sendings = new ArrayList<>();
    for (String path : REFUSALS.keySet()) {
      for (int length : LENGTHS) {
        for (boolean isChunked : new boolean[] {true, false}) {
          for (boolean closes : new boolean[] {true, false}) {
            if (!path.equals("/all") || length > MOST_BYTES) {
              sendings.add(new Sending(path, length, isChunked, closes));
            }
          }
        }
      }
    }
    return sendings;
  }

  private static final TestCertificates OURS = new TestCertificates("ours");

  @TempDir static Path folder;

  private static ScriptedBackend backend;
  private static ConfigurableApplicationContext gateway;

  @BeforeAll
  static void start() throws Exception {
    backend = new ScriptedBackend();
    gateway = gateway(folder, Map.of());
    try (RawHttp1 client = client()) {
      assertThat(client.get("/scarce").status()).isEqualTo(200);
    }
  }

  private static ConfigurableApplicationContext gateway(Path folder, Map<String, String> more)
      throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: read-only, path: /read-only, read: { pool: one } }
          - { id: scarce, path: /scarce, read: { pool: one }, write: { pool: one }, rate: { requests: 1, per: 1h, by: address } }
          - { id: all, path: /all/**, read: { pool: one }, write: { pool: one } }
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] } }
        """
            .formatted(backend.port()));
    Map<String, String> settings = new HashMap<>(more);
    settings.put("freshet.gateway.data", folder.toString());
    settings.put("freshet.gateway.max-body", MOST_BYTES + "B");
    return TestGateway.startWith(folder, settings);
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    backend.close();
  }

  private static RawHttp1 client() throws IOException {
    return new RawHttp1(TestGateway.port(gateway));
  }

  @ParameterizedTest
  @FieldSource("SENDINGS")
  void clientThatSendsAllOfItsContentFirstHasItsAnswer(Sending sending) throws Exception {
    for (int i = 0; i < 3; i++) {
      try (RawHttp1 client = client()) {
        RawHttp1.Answer answer = client.send(sending.head()).send(sending.content()).answer(false);
        assertThat(answer.status()).isEqualTo(sending.status());
        assertThat(answer.content()).startsWith("{").endsWith("}");
        if (answer.has("connection: close")) {
          assertThat(client.isAtItsEnd()).isTrue();
        } else {
          assertThat(sending.closes()).isFalse();
          assertThat(client.get("/all/after").content()).isEqualTo("GET /all/after");
        }
      }
    }
    assertThat(backend.requests()).doesNotContain("POST " + sending.path());
  }

  /** Whether the client sends it all the same is its own choice, so nothing may follow. */
  @ParameterizedTest
  @ValueSource(strings = {"/none/x", "/read-only", "/scarce", "/a/../b"})
  void contentThatWasAwaitedToGoOnIsNotAwaitedAfterARefusal(String path) throws Exception {
    try (RawHttp1 client = client()) {
      RawHttp1.Answer answer =
          client.ask(
              "POST "
                  + path
                  + " HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n");
      assertThat(answer.status()).isEqualTo(REFUSALS.get(path));
      assertThat(answer.interim()).isEmpty();
      assertThat(answer).matches(refused -> refused.has("connection: close"));
      assertThat(client.isAtItsEnd()).isTrue();
    }
  }

  @Test
  void contentThatIsTakenIsAskedForOnce() throws Exception {
    try (RawHttp1 client = client()) {
      client.send(
          "POST /all/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
      RawHttp1.Answer answer = client.send("ab").answer(false);
      assertThat(answer.content()).isEqualTo("POST /all/x");
      assertThat(answer.interim()).hasSize(1);
      assertThat(client.get("/all/after").content()).isEqualTo("GET /all/after");
    }
  }

  @Test
  void smallContentThatComesLaterLeavesTheConnectionOpen() throws Exception {
    try (RawHttp1 client = client()) {
      client.send("POST /none/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
      assertThat(client.answer(false)).matches(answer -> !answer.has("connection: close"));
      assertThat(client.send("hello").get("/all/after").content()).isEqualTo("GET /all/after");
    }
  }

  @Test
  void clientThatSendsWithoutEndIsStopped() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      String head =
          "POST /none/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      byte[] more = new byte[100_000];
      await().atMost(Duration.ofSeconds(20)).until(() -> isRefused(socket, more));
    }
  }

  @Test
  void clientThatNeverClosesIsClosed() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      String head = "POST /none/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 413 ")
          .endsWith("}");
      byte[] more = new byte[1];
      await().atMost(Duration.ofSeconds(20)).until(() -> isRefused(socket, more));
    }
  }

  private static boolean isRefused(Socket socket, byte[] more) throws IOException {
    try {
      socket.getOutputStream().write(more);
      return false;
    } catch (SocketException e) {
      return true;
    }
  }

  @ParameterizedTest
  @CsvSource({"/none/x, 404", "/read-only, 405"})
  void streamThatIsRefusedEndsWithoutAnError(String path, int status, @TempDir Path ofItsOwn)
      throws Exception {
    TestCertificates.write(OURS.give("gateway"), ofItsOwn, "gateway");
    try (ConfigurableApplicationContext secure =
            gateway(ofItsOwn, TestGateway.tls(ofItsOwn, "gateway"));
        RawHttp2 client =
            new RawHttp2(OURS.client(null), TestGateway.port(secure))
                .send(RawHttp2.SETTINGS, 0, 0)) {
      client.head(0, 1, RawHttp2.with("POST", path));
      assertThat(client.end(1))
          .returns(RawHttp2.DATA, Frame::type)
          .matches(end -> end.payload().contains("\"status\":" + status));
      assertThat(client.end(1)).returns(RawHttp2.RST_STREAM, Frame::type).returns(0, Frame::error);
      assertThat(client.get(3, "/all/after").end(3).payload()).isEqualTo("GET /all/after");
    }
  }
}
