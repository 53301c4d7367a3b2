package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * What two programs could read in two ways: refused, on sockets of the test's own, before a backend
 * that keeps every byte.
 */
class MalformedRequestsIT {

  private static final String AFTER = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String LAST = "GET /last HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final Pattern BOTH_ANSWERED =
      Pattern.compile("(HTTP/1\\.1 200 [\\s\\S]*\r\n\r\nok){2}");
  private static final Pattern REFUSED = Pattern.compile("HTTP/1\\.1 (400|414|431) [\\s\\S]*");

  /** A hundred and one headers. */
  private static final String MANY = "X: y\r\n".repeat(100);

  /** How each begins that has nothing wrong up to there. */
  private static final String POST = "POST /a HTTP/1.1\r\nHost: x\r\n";

  private static final String CHUNKED_LINE = "POST /a-chunked HTTP/1.1\r\n";

  private static final String CHUNKED =
      CHUNKED_LINE + "Host: x\r\nTransfer-Encoding: chunked\r\n\r\n";

  static final List<String> LENGTHS =
      List.of(
              "Content-Length: 5\r\nTransfer-Encoding: chunked",
              "Transfer-Encoding: chunked\r\nContent-Length: 5",
              "Content-Length: 5\r\nContent-Length: 6",
              "Content-Length: 5\r\nContent-Length: 5",
              "Content-Length: 5, 5",
              "Content-Length: 5, 6",
              "Content-Length: +5",
              "Content-Length: -5",
              "Content-Length: 0x5",
              "Content-Length: 5 5",
              "Content-Length: 5;",
              "Content-Length:",
              "Content-Length: five",
              "Content-Length: 99999999999999999999",
              "Content-Length : 5",
              "Content-Length\t: 5",
              "Content-Length: 5\u000b",
              "Content-Length: \u000b5")
          .stream()
          .map(headers -> POST + headers + "\r\n\r\n0\r\n\r\n")
          .toList();

  static final List<String> ENCODINGS =
      List.of(
              "Transfer-Encoding: xchunked",
              "Transfer-Encoding: identity",
              "Transfer-Encoding: gzip, chunked",
              "Transfer-Encoding: chunked, identity",
              "Transfer-Encoding: chunked, chunked",
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
              "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
              "Transfer-Encoding:",
              "Transfer-Encoding: \"chunked\"",
              "Transfer-Encoding: chunked;q=1",
              "Transfer-Encoding : chunked",
              "Transfer-Encoding\t: chunked",
              "Transfer-Encoding: \u000bchunked",
              "Transfer-Encoding: chunked\u0000",
              "Transfer-Encoding: chunked\r\n identity",
              "Transfer-Encoding:\r\n chunked",
              " Transfer-Encoding: chunked",
              "X: y\rTransfer-Encoding: chunked",
              "\u0000Transfer-Encoding: chunked")
          .stream()
          .map(headers -> POST + headers + "\r\n\r\n0\r\n\r\n")
          .toList();

  static final List<String> CHUNKS =
      List.of(
              "g\r\n",
              "-5\r\nhello\r\n",
              "+5\r\nhello\r\n",
              "0x5\r\nhello\r\n",
              " 5\r\nhello\r\n",
              "\t5\r\nhello\r\n",
              "5 \r\nhello\r\n",
              "5 6\r\nhello\r\n",
              "5,\r\nhello\r\n",
              "5\u0000\r\nhello\r\n",
              "5\nhello\r\n",
              "5\rhello\r\n",
              "5;a=b\nhello\r\n",
              "5;a=\u0000\r\nhello\r\n",
              "5;a=b\rc\r\nhello\r\n",
              "\r\nhello\r\n",
              ";a=b\r\nhello\r\n",
              "fffffffff\r\nhello\r\n",
              "80000000\r\nhello\r\n",
              "10000000000000005\r\nhello\r\n",
              "5\r\nhelloX\r\n",
              "5\r\nhello\n",
              "5\r\nhello\n\n",
              "5\r\nhello\r0\r\n")
          .stream()
          .map(chunks -> CHUNKED + chunks + "0\r\n\r\n")
          .toList();

  static final List<String> HOSTS =
      List.of(
          "GET /a HTTP/1.1\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n",
          "GET /a HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost:\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x, y\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x y\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: u@x\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x?y\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x:\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x:port\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x:80:80\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x:99999\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
          "GET /a HTTP/1.1\r\n Host: x\r\n\r\n",
          "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET //y/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
          "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n");

  static final List<String> LINES =
      List.of(
          "GET /a HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key1: 1\r\nSec-WebSocket-Key2: 2\r\n\r\n",
          "POST /a HTTP/1.0\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
          "POST /a HTTP/1.0\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
          "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "GET /a HTTP/1.1\nHost: x\n\n",
          "GET /a HTTP/1.1\r\nHost: x\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: y\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\n\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n \r\n\r\n",
          "GET /a HTTP/1.1\r\n \r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\u0007b\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: a\u007fb\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX Y: a\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX\u0000: a\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX\u00e9: a\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX(: a\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX\r\n\r\n",
          "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a  HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET\t/a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a\u000bHTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a\rHTTP/1.1\r\nHost: x\r\n\r\n",
          " GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.1 \r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.1 x\r\nHost: x\r\n\r\n",
          "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a\r\n\r\n",
          "GET /a HTTP/1.2\r\nHost: x\r\n\r\n",
          "GET /a HTTP/2.0\r\nHost: x\r\n\r\n",
          "GET /a HTTP/0.9\r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.10\r\nHost: x\r\n\r\n",
          "GET /a http/1.1\r\nHost: x\r\n\r\n",
          "GET /a XTTP/1.1\r\nHost: x\r\n\r\n",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "G\u0000T /a HTTP/1.1\r\nHost: x\r\n\r\n",
          "G(T /a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET ?a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /" + "a".repeat(9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(40_000) + "\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\n" + MANY + "\r\n");

  static final List<String> PATHS =
      List.of(
              "/a/../b",
              "/a/./b",
              "/a/..",
              "/..",
              "/%2e%2e/b",
              "/a/%2e%2e",
              "/a/.%2e/b",
              "/a/%2E./b",
              "/a/..;x=y/b",
              "/a/..%2fb",
              "/a%2fb",
              "/a%2Fb",
              "/a%5cb",
              "/a/..%5cb",
              "/a%00b",
              "/a%0ab",
              "/a%0d%0aX:%20y",
              "/a%7fb",
              "/a%",
              "/a%2",
              "/a%zz",
              "/a%u0041",
              "/a\\b",
              "/a\u0001b",
              "/a\u007fb",
              "/a\u00e9b",
              "/a#b",
              "/a?b#c",
              "/a?b\\c",
              "/a?b\u0000")
          .stream()
          .map(path -> "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
          .toList();

  /** What must go on working, and what of it reaches the backend. */
  static final List<String> SOUND =
      List.of(
          "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
          "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x.example:8080\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
          "GET /a?b=c%2Fd&e=[f]&g={\"h\":100%} HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a/b%20c/d;e=f/%C3%A9/...~ HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: x\r\nX: \t y\t \r\nEmpty:\r\nX: \u00e9\r\n\r\n",
          POST + "Content-Length: 5\r\n\r\nhello",
          POST + "Content-Length: 005\r\n\r\nhello",
          POST + "Content-Length: 6\r\n\r\n hello",
          CHUNKED + "5\r\nhello\r\n0\r\n\r\n",
          CHUNKED + "5;a=\"b c\"\r\nhello\r\n0;x\r\n\r\n",
          CHUNKED + "0005\r\nhello\r\n1\r\n \r\n0\r\nTrailer: y\r\n\r\n",
          CHUNKED + "A\r\n\r\n0\r\n\r\nabc\r\n0\r\n\r\n",
          POST + "transfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

  @TempDir static Path folder;

  private static RecordingBackend backend;
  private static ConfigurableApplicationContext gateway;

  @BeforeAll
  static void start() throws Exception {
    backend = new RecordingBackend();
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: one }, write: { pool: one } } ]
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] } }
        """
            .formatted(backend.port()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    backend.close();
  }

  @BeforeEach
  void forget() {
    backend.forget();
  }

  /** The beginning of what an earlier test broke off may have come since. */
  private static void assertNothingOfItCame() {
    assertThat(backend.requests())
        .allMatch(request -> request.startsWith(CHUNKED_LINE) || CHUNKED_LINE.startsWith(request));
  }

  @ParameterizedTest
  @FieldSource({"LENGTHS", "ENCODINGS", "HOSTS", "LINES", "PATHS"})
  void isRefusedWhole(String request) throws Exception {
    assertThat(exchange(request + AFTER)).matches(REFUSED).contains("\"code\":");
    assertNothingOfItCame();
  }

  @ParameterizedTest
  @FieldSource({"LENGTHS", "ENCODINGS", "HOSTS", "LINES", "PATHS"})
  void isRefusedByteByByte(String request) throws Exception {
    assertThat(exchange(request + AFTER, 1)).matches(REFUSED);
    assertNothingOfItCame();
  }

  @ParameterizedTest
  @FieldSource("CHUNKS")
  void chunksAreNotFollowedPastWhatIsWrongWithThem(String request) throws Exception {
    assertThat(exchange(request + AFTER)).matches(REFUSED);
    assertThat(backend.received()).doesNotContain("smuggled").doesNotContain("\r\n0\r\n\r\n");
  }

  @ParameterizedTest
  @FieldSource("CHUNKS")
  void chunksAreNotFollowedByteByByteEither(String request) throws Exception {
    assertThat(exchange(request + AFTER, 1)).matches(REFUSED);
    assertThat(backend.received()).doesNotContain("smuggled").doesNotContain("\r\n0\r\n\r\n");
  }

  @ParameterizedTest
  @FieldSource("SOUND")
  void whatIsSoundPasses(String request) throws Exception {
    try (Socket socket = connect()) {
      for (byte part : (request + LAST).getBytes(StandardCharsets.ISO_8859_1)) {
        socket.getOutputStream().write(part);
      }
      StringBuilder answers = new StringBuilder();
      while (!BOTH_ANSWERED.matcher(answers).matches()) {
        int next = socket.getInputStream().read();
        assertThat(next).as("what follows " + answers).isNotNegative();
        answers.append((char) next);
      }
    }
    assertThat(backend.received()).contains(" /a").contains("GET /last HTTP/1.1\r\n");
  }

  @Test
  void requestOfHttp10NeedsNoHost() throws Exception {
    assertThat(exchange("GET /a HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.0 200 ").endsWith("ok");
    assertThat(backend.received()).contains("GET /a HTTP/1.1\r\n");
  }

  @Test
  void contentThatTheClientBreaksOffIsNotEndedForTheBackend() throws Exception {
    try (Socket socket = connect()) {
      socket
          .getOutputStream()
          .write((CHUNKED + "5\r\nhello\r\n").getBytes(StandardCharsets.US_ASCII));
      await().until(() -> backend.received().contains("hello"));
    }
    await().until(() -> backend.brokenOff() == 1);
    assertThat(backend.received()).doesNotContain("\r\n0\r\n");
  }

  @Test
  void connectionWhoseContentNobodyReadIsNotLeftOpen() throws Exception {
    assertThat(exchange(CHUNKED.replace("/a-chunked", "/.freshet/x") + "g\r\n" + AFTER))
        .startsWith("HTTP/1.1 404 ")
        .containsIgnoringCase("connection: close");
    assertNothingOfItCame();
  }

  @Test
  void requestBeforeOneThatIsMalformedIsAnswered() throws Exception {
    assertThat(exchange("GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\n\r\n" + AFTER))
        .matches("HTTP/1\\.1 200 [\\s\\S]*okHTTP/1\\.1 400 [\\s\\S]*");
    assertThat(backend.received()).contains("GET /first ").doesNotContain("smuggled");
  }

  private static String exchange(String request) throws Exception {
    return exchange(request, request.length());
  }

  /** Sends a request in pieces, and reads until the gateway closes the connection. */
  private static String exchange(String request, int pieceBytes) throws Exception {
    byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
    StringBuilder answer = new StringBuilder();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(10_000);
      try {
        for (int at = 0; at < bytes.length; at += pieceBytes) {
          socket.getOutputStream().write(bytes, at, Math.min(pieceBytes, bytes.length - at));
        }
      } catch (SocketException e) {
        // It was refused before all of it was sent.
      }
      try {
        for (int next; (next = socket.getInputStream().read()) >= 0; ) {
          answer.append((char) next);
        }
      } catch (SocketException e) {
        if (answer.isEmpty()) {
          throw new IOException("Reset before an answer", e);
        }
      }
    }
    return answer.toString();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway));
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    return socket;
  }
}
