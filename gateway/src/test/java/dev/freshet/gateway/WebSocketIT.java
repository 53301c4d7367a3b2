package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.gateway.live.LiveRoutes;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.WebsocketServerSpec;

/** WebSockets, and answers that come event by event. */
class WebSocketIT {

  private static final String END = "END ";

  @TempDir Path folder;

  private final Sinks.Many<String> events = Sinks.many().unicast().onBackpressureBuffer();
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private DisposableServer backend;
  private DisposableServer declining;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    backend =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .route(
                routes ->
                    routes
                        .get(
                            "/echo",
                            (request, response) -> {
                              heard.add(
                                  request.requestHeaders().get("X-Forwarded-For")
                                      + " "
                                      + request.requestHeaders().get("Cookie"));
                              response.header("X-By", "backend");
                              return response.sendWebsocket(
                                  (in, out) ->
                                      in.receiveCloseStatus()
                                          .doOnNext(s -> heard.add(s.code() + " " + s.reasonText()))
                                          .and(
                                              out.sendObject(
                                                  in.receiveFrames().map(WebSocketFrame::retain))),
                                  WebsocketServerSpec.builder()
                                      .protocols("chat,shout")
                                      .maxFramePayloadLength(1_000_000)
                                      .build());
                            })
                        .get(
                            "/closes",
                            (request, response) ->
                                response.sendWebsocket(
                                    (in, out) ->
                                        out.sendObject(Mono.just(new TextWebSocketFrame("bye")))
                                            .then()
                                            .then(out.sendClose(4_001, "enough"))))
                        .get(
                            "/dies",
                            (request, response) ->
                                response.sendWebsocket(
                                    (in, out) -> {
                                      in.withConnection(c -> c.dispose());
                                      return Flux.never();
                                    }))
                        .get(
                            "/events",
                            (request, response) -> response.sse().sendString(events.asFlux()))
                        .get(
                            "/refused",
                            (request, response) ->
                                response.status(403).header("X-Why", "no").send())
                        .get(
                            "/plain-answer",
                            (request, response) -> response.sendString(Mono.just("plain")))
                        .get(
                            "/plain",
                            (request, response) ->
                                response.sendString(
                                    Mono.just(
                                        "upgrade " + request.requestHeaders().get("Upgrade")))))
            .bindNow();
    declining =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .handle(
                (request, response) ->
                    response.status(request.uri().contains("freshet") ? 404 : 503).send())
            .bindNow();
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: cors, path: /cors/**, websocket: true, read: { pool: all }, cors: { origins: [ "https://shop.example" ] } }
          - { id: plain, path: /plain, read: { pool: all } }
          - { id: declined, path: /echo, headers: { X-Twice: "*" }, websocket: true, read: { pool: two } }
          - { id: filtered, path: /events, headers: { X-Filtered: "*" }, read: { pool: all }, filters: [ "AddResponseHeader=X-By, gateway" ] }
          - { id: all, path: /**, websocket: true, read: { pool: all } }
        pools:
          all: { instances: [ { id: one, url: "http://127.0.0.1:%1$d" } ] }
          two:
            instances:
              - { id: declining, url: "http://127.0.0.1:%2$d", kind: read-database }
              - { id: serving, url: "http://127.0.0.1:%1$d" }
        """
            .formatted(backend.port(), declining.port()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "2s"));
  }

  @AfterEach
  void stop() {
    client.shutdownNow();
    gateway.close();
    backend.disposeNow();
    declining.disposeNow();
  }

  /** What a client hears. */
  private static final class Ear implements WebSocket.Listener {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private long bytes;

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        heard.add(text.toString());
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean last) {
      bytes += part.remaining();
      if (last) {
        heard.add(bytes + " bytes");
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
      heard.add("pong of " + message.remaining());
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      heard.add(END + status + " " + reason);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      heard.add(END + "broken");
    }

    String next() throws InterruptedException {
      return String.valueOf(heard.poll(10, TimeUnit.SECONDS));
    }
  }

  private WebSocket open(String path, Ear ear, String... headers) throws Exception {
    WebSocket.Builder builder = client.newWebSocketBuilder().connectTimeout(Duration.ofSeconds(5));
    for (int i = 0; i < headers.length; i += 2) {
      builder.header(headers[i], headers[i + 1]);
    }
    return builder
        .subprotocols("shout")
        .buildAsync(URI.create("ws://127.0.0.1:%d%s".formatted(port(), path)), ear)
        .get(10, TimeUnit.SECONDS);
  }

  private int port() {
    return TestGateway.port(gateway);
  }

  private String status() throws Exception {
    return TestGateway.operate(gateway, "GET", "/api/status", "").body();
  }

  private void awaitNoneInFlight() {
    Awaitility.await()
        .until(
            () ->
                gateway.getBean(LiveRoutes.class).instances().stream()
                    .allMatch(instance -> instance.inFlight() == 0));
  }

  @Test
  void framesPassBothWaysUntilTheClientCloses() throws Exception {
    Ear ear = new Ear();
    WebSocket socket = open("/echo", ear, "Cookie", "a=b");
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("127.0.0.1 a=b");
    assertThat(socket.getSubprotocol()).isEqualTo("shout");
    assertThat(status()).contains("\"inFlight\":1");
    socket.sendText("one", true).get();
    assertThat(ear.next()).isEqualTo("one");
    socket.sendText("in ", false).get();
    socket.sendText("parts", true).get();
    assertThat(ear.next()).isEqualTo("in parts");
    // No more: the leak detector takes a stack trace for every few bytes that are unmasked.
    for (int i = 0; i < 20; i++) {
      socket.sendBinary(ByteBuffer.allocate(i == 0 ? 500_000 : 25_000), i == 19).get();
    }
    assertThat(ear.next()).isEqualTo("975000 bytes");
    socket.sendPing(ByteBuffer.allocate(5)).get();
    assertThat(ear.next()).isEqualTo("pong of 5");
    socket.sendClose(4_002, "done").get();
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("4002 done");
    assertThat(ear.next()).startsWith(END);
    awaitNoneInFlight();
  }

  @Test
  void backendClosesAndTheClientIsToldWhy() throws Exception {
    Ear ear = new Ear();
    open("/closes", ear);
    assertThat(ear.next()).isEqualTo("bye");
    assertThat(ear.next()).isEqualTo(END + "4001 enough");
    Ear broken = new Ear();
    open("/dies", broken);
    assertThat(broken.next()).startsWith(END);
    awaitNoneInFlight();
  }

  @Test
  void clientThatIsGoneIsGoneForTheBackend() throws Exception {
    Ear ear = new Ear();
    WebSocket socket = open("/echo", ear);
    assertThat(status()).contains("\"inFlight\":1");
    socket.abort();
    awaitNoneInFlight();
  }

  @Test
  void refusalIsPassedAndADeclinedHandshakeGoesToTheNext() throws Exception {
    assertThat(refused("/refused")).isEqualTo(403);
    assertThat(refused("/plain-answer")).as("an answer that opens nothing").isEqualTo(502);
    Ear ear = new Ear();
    WebSocket socket = open("/echo", ear, "X-Twice", "1");
    socket.sendText("here", true).get();
    assertThat(ear.next()).isEqualTo("here");
    socket.abort();
  }

  private int refused(String path, String... headers) {
    try {
      open(path, new Ear(), headers);
      return 101;
    } catch (ExecutionException e) {
      return e.getCause() instanceof WebSocketHandshakeException refusal
          ? refusal.getResponse().statusCode()
          : -1;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void routeThatDoesNotSaySoPassesAPlainRequest() throws Exception {
    assertThatThrownBy(() -> open("/plain", new Ear()))
        .hasCauseInstanceOf(WebSocketHandshakeException.class);
    assertThat(TestGateway.send(gateway, "GET", "/plain", "").body()).isEqualTo("upgrade null");
  }

  @Test
  void pagesOfOtherOriginsOpenNone() {
    assertThat(refused("/cors/echo", "Origin", "https://elsewhere.example")).isEqualTo(403);
    assertThat(refused("/cors/echo", "Origin", "https://shop.example")).isEqualTo(404);
    assertThat(refused("/cors/echo", "Origin", "http://127.0.0.1:" + port())).isEqualTo(404);
  }

  @Test
  void eventsComeWhenTheyAreSent() throws Exception {
    events(new String[0]);
  }

  @Test
  void eventsPassFilters() throws Exception {
    events("X-Filtered", "1");
  }

  /** Longer than the time in which an answer has to begin. */
  private void events(String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/events".formatted(port())));
    if (headers.length > 0) {
      request.headers(headers);
    }
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    events.tryEmitNext("data: 0\n\n");
    HttpResponse<Stream<String>> answer =
        client.send(request.build(), HttpResponse.BodyHandlers.ofLines());
    Thread reader = Thread.ofVirtual().start(() -> answer.body().forEach(lines::add));
    for (int i = 1; i <= 3; i++) {
      assertThat(lines.poll(10, TimeUnit.SECONDS)).isEqualTo("data: " + (i - 1));
      assertThat(lines.poll(10, TimeUnit.SECONDS)).isEmpty();
      events.tryEmitNext("data: " + i + "\n\n");
    }
    events.tryEmitComplete();
    reader.join(Duration.ofSeconds(10));
    assertThat(lines).containsExactly("data: 3", "");
  }

  private String raw(String request) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      StringBuilder head = new StringBuilder();
      for (int read = socket.getInputStream().read();
          read >= 0;
          read = socket.getInputStream().read()) {
        head.append((char) read);
        if (head.toString().endsWith("\r\n\r\n")) {
          break;
        }
      }
      return head.toString();
    }
  }

  /** Before any backend is asked. */
  @Test
  void handshakeThatIsNoneIsRefused() throws Exception {
    String asked =
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%s\r\n";
    String key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    String version = "Sec-WebSocket-Version: 13\r\n";
    for (String headers :
        List.of(
            version,
            key,
            key + "Sec-WebSocket-Version: 12\r\n",
            key + key + version,
            "Sec-WebSocket-Key: short\r\n" + version)) {
      assertThat(raw(asked.formatted(headers)))
          .startsWith("HTTP/1.1 400 ")
          .containsIgnoringCase("sec-websocket-version: 13");
    }
    assertThat(heard).isEmpty();
    assertThat(raw(asked.formatted(key + version)))
        .startsWith("HTTP/1.1 101 ")
        .doesNotContainIgnoringCase("content-length"); // RFC 9110, 8.6
  }

  @Test
  void refusalKeepsItsHeaders() throws Exception {
    assertThat(
            raw(
                "GET /refused HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
        .startsWith("HTTP/1.1 403 ")
        .contains("X-Why: no");
  }

  /** What the client has not offered, it can't speak. */
  @Test
  void subprotocolThatWasNotOfferedIsNotPassed() throws Exception {
    try (ServerSocket odd = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(
              () -> {
                while (!odd.isClosed()) {
                  answerOddly(odd);
                }
              });
      Files.writeString(
          folder.resolve("routes.yaml"),
          """
          version: 1
          routes: [ { id: odd, path: /**, websocket: true, read: { pool: odd } } ]
          pools: { odd: { instances: [ { id: odd, url: "http://127.0.0.1:%d" } ] } }
          """
              .formatted(odd.getLocalPort()));
      Awaitility.await().until(() -> status().contains("\"generation\":2"));
      assertThat(refused("/odd")).isEqualTo(502);
      awaitNoneInFlight();
    }
  }

  private static void answerOddly(ServerSocket server) {
    try (Socket socket = server.accept()) {
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      String request = lines.readLine();
      String key = "";
      for (String line = lines.readLine();
          line != null && !line.isEmpty();
          line = lines.readLine()) {
        if (line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:")) {
          key = line.substring(line.indexOf(':') + 1).strip();
        }
      }
      boolean isPosition = String.valueOf(request).contains("/.freshet/");
      byte[] accept =
          MessageDigest.getInstance("SHA-1")
              .digest(
                  (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                      .getBytes(StandardCharsets.US_ASCII));
      socket
          .getOutputStream()
          .write(
              (isPosition
                      ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                      : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: odd\r\nSec-WebSocket-Accept: %s\r\n\r\n"
                          .formatted(Base64.getEncoder().encodeToString(accept)))
                  .getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      socket.getInputStream().read();
    } catch (IOException | NoSuchAlgorithmException e) {
      // The gateway closed it, or the test has ended.
    }
  }

  /** They have connections of their own. */
  @Test
  void manyWebSocketsLeaveRequestsTheirConnections() throws Exception {
    List<WebSocket> open = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      open.add(open("/echo", new Ear()));
    }
    assertThat(TestGateway.send(gateway, "GET", "/plain", "").statusCode()).isEqualTo(200);
    open.forEach(WebSocket::abort);
    awaitNoneInFlight();
  }
}
