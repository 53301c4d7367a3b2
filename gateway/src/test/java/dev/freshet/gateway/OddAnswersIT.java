package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.Interim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;

/**
 * Backends that answer oddly: what comes before the answer is no answer, what comes behind it is
 * nobody's, and what can't be read is told so, to the one who asked for it.
 */
@SuppressWarnings("StringConcatToTextBlock") // each line of HTTP ends as it does on the wire
class OddAnswersIT {

  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final String HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n";
  private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
  private static final String PROCESSING = "HTTP/1.1 102 Processing\r\n\r\n";

  /** One of requests; of questions after the position there may be one an event loop. */
  private static final int MOST_CONNECTIONS = 9;

  private static final int LIMIT_BYTES = 64 * 1024;

  /** What is sent before the answer. */
  static final List<String> INTERIM =
      List.of(
          HINTS,
          CONTINUE,
          PROCESSING,
          "HTTP/1.1 199 Unheard-of\r\nX: y\r\n\r\n",
          CONTINUE + PROCESSING + HINTS + HINTS + CONTINUE,
          HINTS.repeat(100),
          "HTTP/1.1 103 Early Hints\r\nLink: " + "x".repeat(LIMIT_BYTES - 1_000) + "\r\n\r\n");

  /** What is left behind an answer, each with the status of the answer. */
  static final List<String> LEFT_BEHIND =
      List.of(
          "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
          "HTTP/1.1 204 No Content\r\n\r\nhello",
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 304 Not Modified\r\n\r\n" + OK,
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokhello",
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nhello",
          OK + "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled",
          OK + HINTS,
          OK + OK + OK,
          OK + "HTTP/1.1 500 ",
          OK + "\u0000\u0001");

  /** What is no answer, or none that the gateway passes on. */
  static final List<String> UNREADABLE =
      List.of(
          "hello" + OK,
          "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + OK,
          "HTTP/1.1 200 OK\r\n"
              + "Content-Length: 2\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n"
              + "2\r\n"
              + "ok\r\n"
              + "0\r\n\r\n",
          "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
          "XTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 two OK\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n" + OK,
          HINTS.repeat(101) + OK);

  /** Heads that are larger than they may be. */
  static final List<String> TOO_LARGE =
      List.of(
          "HTTP/1.1 200 " + "x".repeat(LIMIT_BYTES) + "\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nX: " + "x".repeat(LIMIT_BYTES) + "\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\n"
              + "X: y\r\n".repeat(LIMIT_BYTES / 4)
              + "Content-Length: 2\r\n\r\nok",
          "HTTP/1.1 103 Early Hints\r\nX: " + "x".repeat(LIMIT_BYTES) + "\r\n\r\n" + OK);

  @TempDir static Path folder;

  private static ScriptedBackend backend;
  private static ConfigurableApplicationContext gateway;

  @BeforeAll
  static void start() throws Exception {
    backend = new ScriptedBackend();
    gateway = gateway(folder, "http://127.0.0.1:" + backend.port(), "");
  }

  private static ConfigurableApplicationContext gateway(Path folder, String url, String more)
      throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: filtered, path: /filtered/**, read: { pool: one }, filters: [ StripPrefix=1 ] }
          - { id: all, path: /**, read: { pool: one }, write: { pool: one }, websocket: true }
        pools: { one: { instances: [ { id: one, url: "%s"%s } ] } }
        """
            .formatted(url, more));
    return TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "5s"));
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
    backend.close();
  }

  private static RawHttp1 client() throws IOException {
    return new RawHttp1(TestGateway.port(gateway));
  }

  /** Requests after an odd answer, on the same connections, have their own answers. */
  private static void assertOthersAreUntouched(RawHttp1 client, String odd) throws IOException {
    for (int i = 0; i < 3; i++) {
      String path = "/after/" + Integer.toHexString(odd.hashCode()) + "/" + i;
      assertThat(client.get(path)).returns("GET " + path, RawHttp1.Answer::content);
      assertThat(client.ask("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"))
          .returns("POST " + path, RawHttp1.Answer::content);
      assertThat(backend.requests())
          .containsOnlyOnce("GET " + path)
          .containsOnlyOnce("POST " + path);
    }
  }

  @ParameterizedTest
  @FieldSource("INTERIM")
  void whatComesBeforeTheAnswerIsPassedBeforeIt(String interim) throws Exception {
    backend.answer("/odd", interim + OK);
    int passed =
        (int) interim.lines().filter(line -> line.matches("HTTP/1.1 1(02|03|99) .*")).count();
    try (RawHttp1 client = client()) {
      for (String method : List.of("GET", "POST", "DELETE")) {
        RawHttp1.Answer answer = client.ask(method + " /odd HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(answer)
            .returns(200, RawHttp1.Answer::status)
            .returns("ok", RawHttp1.Answer::content);
        assertThat(answer.interim()).hasSize(passed);
        if (interim.equals(HINTS)) {
          assertThat(answer.interim().getFirst())
              .startsWith("HTTP/1.1 103 Early Hints\r\n")
              .containsIgnoringCase("link: </x>; rel=preload\r\n")
              .doesNotContainIgnoringCase("connection: close");
        }
      }
      assertOthersAreUntouched(client, "interim" + interim);
    }
  }

  @Test
  void interimAnswersPassFilters() throws Exception {
    backend.answer("/odd", HINTS + OK);
    try (RawHttp1 client = client()) {
      RawHttp1.Answer answer = client.get("/filtered/odd");
      assertThat(answer).returns("ok", RawHttp1.Answer::content);
      assertThat(answer.interim()).hasSize(1);
    }
  }

  @Test
  void connectionsAreUsedAgain() throws Exception {
    int before = backend.connections();
    int asked = backend.positionsAsked();
    try (RawHttp1 client = client()) {
      for (int i = 0; i < 100; i++) {
        assertThat(client.get("/again").status()).isEqualTo(200);
      }
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> backend.positionsAsked() - asked > MOST_CONNECTIONS + 1);
    assertThat(backend.connections() - before).isLessThanOrEqualTo(MOST_CONNECTIONS);
  }

  @Test
  void clientOfHttp10GetsTheAnswerAlone() throws Exception {
    backend.answer("/odd", HINTS + OK);
    try (RawHttp1 client = client()) {
      RawHttp1.Answer answer = client.ask("GET /odd HTTP/1.0\r\n\r\n");
      assertThat(answer).returns(200, RawHttp1.Answer::status);
      assertThat(answer.interim()).isEmpty();
    }
  }

  @Test
  void interimAnswersDoNotEndAConnectionThatTheClientWillClose() throws Exception {
    backend.answer("/odd", HINTS + OK);
    try (RawHttp1 client = client()) {
      RawHttp1.Answer answer =
          client.ask("GET /odd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      assertThat(answer).returns("ok", RawHttp1.Answer::content);
      assertThat(answer.interim()).hasSize(1);
      assertThat(client.isAtItsEnd()).isTrue();
    }
  }

  @Test
  void headAfterAnInterimAnswerHasNoContent() throws Exception {
    backend.answer("/odd", HINTS + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    try (RawHttp1 client = client()) {
      assertThat(client.ask("HEAD /odd HTTP/1.1\r\nHost: x\r\n\r\n"))
          .returns(200, RawHttp1.Answer::status)
          .matches(answer -> answer.has("content-length: 5"));
      assertOthersAreUntouched(client, "head");
    }
  }

  @Test
  void webSocketOpensAfterInterimAnswers() throws Exception {
    backend.answer(
        "/odd",
        HINTS
            + PROCESSING
            + "HTTP/1.1 101 Switching Protocols\r\n"
            + "Upgrade: websocket\r\n"
            + "Connection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: ACCEPT\r\n\r\n");
    try (RawHttp1 client = client()) {
      RawHttp1.Answer answer = client.ask(HANDSHAKE);
      assertThat(answer).returns(101, RawHttp1.Answer::status);
      assertThat(answer.interim()).hasSize(2);
    }
  }

  @Test
  void headThatIsTooLargeOpensNoWebSocket() throws Exception {
    backend.answer("/odd", TOO_LARGE.get(1).replace("200 OK", "101 Switching Protocols"));
    try (RawHttp1 client = client()) {
      assertThat(client.ask(HANDSHAKE))
          .returns(502, RawHttp1.Answer::status)
          .matches(answer -> answer.content().contains("--max-answer-headers"));
    }
  }

  @Test
  void answerThatBreaksOffInItsHeadIsNone() throws Exception {
    backend.answer("/odd", "HTTP/1.1 200 OK\r\nContent-LeCLOSE");
    try (RawHttp1 client = client()) {
      assertThat(client.get("/odd"))
          .returns(502, RawHttp1.Answer::status)
          .matches(answer -> answer.content().contains("broke the connection without an answer"));
      assertOthersAreUntouched(client, "broken off");
    }
  }

  private static final String HANDSHAKE =
      "GET /odd HTTP/1.1\r\n"
          + "Host: x\r\n"
          + "Upgrade: websocket\r\n"
          + "Connection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  @ParameterizedTest
  @FieldSource("LEFT_BEHIND")
  void whatIsLeftBehindAnAnswerIsNobodys(String odd) throws Exception {
    backend.answer("/odd", odd);
    int status = Integer.parseInt(odd.substring(9, 12));
    try (RawHttp1 client = client()) {
      for (String method : List.of("GET", "POST")) {
        for (int i = 0; i < 3; i++) {
          RawHttp1.Answer answer = client.ask(method + " /odd HTTP/1.1\r\nHost: x\r\n\r\n");
          assertThat(answer).returns(status, RawHttp1.Answer::status);
          assertThat(answer.content()).isIn("", "ok");
          assertOthersAreUntouched(client, method + i + odd);
        }
      }
    }
  }

  @Test
  void whatComesWhileNothingIsAskedClosesTheConnection() throws Exception {
    backend.answer("/odd", OK + "LATER" + OK);
    try (RawHttp1 client = client()) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.get("/odd").content()).isEqualTo("ok");
        int before = backend.closed();
        backend.sendLater();
        await().until(() -> backend.closed() > before);
        assertOthersAreUntouched(client, "later" + i);
      }
    }
  }

  @Test
  void contentBehindTheAnswerToAHeadIsNobodys() throws Exception {
    backend.answer("/odd", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    try (RawHttp1 client = client()) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.ask("HEAD /odd HTTP/1.1\r\nHost: x\r\n\r\n"))
            .returns(200, RawHttp1.Answer::status);
        assertOthersAreUntouched(client, "behind a HEAD " + i);
      }
    }
  }

  @Test
  void answerWithoutContentClaimsNone() throws Exception {
    backend.answer("/odd", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
    try (RawHttp1 client = client()) {
      assertThat(client.get("/odd")).matches(answer -> !answer.has("content-length"));
    }
  }

  @ParameterizedTest
  @FieldSource("UNREADABLE")
  void whatCanNotBeReadIsTheFaultOfNoOtherRequest(String odd) throws Exception {
    backend.answer("/odd", odd);
    try (RawHttp1 client = client()) {
      assertThat(client.get("/odd"))
          .returns(502, RawHttp1.Answer::status)
          .matches(answer -> answer.content().contains("The answer of one can't be passed on: "));
      assertThat(client.ask("POST /odd HTTP/1.1\r\nHost: x\r\n\r\n"))
          .returns(504, RawHttp1.Answer::status)
          .matches(answer -> answer.content().contains("The answer of one can't be passed on: "))
          .matches(answer -> answer.content().contains("outcome-unknown"));
      assertOthersAreUntouched(client, "unreadable" + odd);
    }
  }

  @ParameterizedTest
  @FieldSource("TOO_LARGE")
  void headThatIsTooLargeIsToldByTheNameOfItsLimit(String odd) throws Exception {
    backend.answer("/odd", odd);
    try (RawHttp1 client = client()) {
      for (int i = 0; i < 6; i++) {
        assertThat(client.get("/odd"))
            .returns(502, RawHttp1.Answer::status)
            .matches(
                answer ->
                    answer.content().contains("longer than 65,536 bytes (--max-answer-headers)"));
      }
      assertOthersAreUntouched(client, "large" + odd.length());
    }
    assertThat(TestGateway.operate(gateway, "GET", "/api/status", "").body())
        .doesNotContain("ejected")
        .doesNotContain("suspect");
  }

  @ParameterizedTest
  @ValueSource(ints = {9_000, 40_000, 65_000})
  void headOfDecentSizePasses(int bytes) throws Exception {
    String value = "x".repeat(bytes);
    backend.answer("/odd", "HTTP/1.1 200 OK\r\nX: " + value + "\r\nContent-Length: 2\r\n\r\nok");
    try (RawHttp1 client = client()) {
      assertThat(client.get("/odd"))
          .returns("ok", RawHttp1.Answer::content)
          .matches(answer -> answer.has("x: " + value));
    }
  }

  @ParameterizedTest
  @CsvSource({"/hints", "/large", "/too-large", "/endless"})
  void backendsOfHttp2AreReadAlike(String path, @TempDir Path ofItsOwn) throws Exception {
    DisposableServer server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .protocol(HttpProtocol.H2C)
            .handle(
                (request, response) -> {
                  int hints =
                      switch (request.uri()) {
                        case "/hints" -> 3;
                        case "/endless" -> 101;
                        default -> 0;
                      };
                  for (int i = 0; i < hints; i++) {
                    Head head = Head.of(103);
                    head.headers().set("link", "</x>; rel=preload");
                    Interim.answer(request, response, head);
                  }
                  switch (request.uri()) {
                    case "/large" -> response.header("x", "x".repeat(40_000));
                    case "/too-large" -> response.header("x", "x".repeat(LIMIT_BYTES + 1));
                    case "/.freshet/position" -> response.status(404);
                    default -> {}
                  }
                  return response.sendString(Mono.just(request.uri()));
                })
            .bindNow();
    try (ConfigurableApplicationContext ofHttp2 =
            gateway(ofItsOwn, "http://127.0.0.1:" + server.port(), ", protocol: h2c");
        RawHttp1 client = new RawHttp1(TestGateway.port(ofHttp2))) {
      RawHttp1.Answer answer = client.get(path);
      switch (path) {
        case "/hints" -> {
          assertThat(answer).returns(path, RawHttp1.Answer::content);
          assertThat(answer.interim())
              .hasSize(3)
              .allMatch(head -> head.contains("link: </x>; rel=preload\r\n"));
        }
        case "/large" ->
            assertThat(answer)
                .returns(path, RawHttp1.Answer::content)
                .matches(whole -> whole.has("x: " + "x".repeat(40_000)));
        case "/too-large" ->
            assertThat(answer.content())
                .contains("longer than 65,536 bytes (--max-answer-headers)");
        default -> assertThat(answer.content()).contains("more than 100 interim answers (1xx)");
      }
      assertThat(client.get("/after")).returns("/after", RawHttp1.Answer::content);
    } finally {
      server.disposeNow();
    }
  }
}
