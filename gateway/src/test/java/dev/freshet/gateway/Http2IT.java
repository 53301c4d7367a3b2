package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.gateway.RawHttp2.Frame;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * HTTP/2 on the clients' side, frame by frame, before a backend of HTTP/1.1 that keeps every byte.
 */
class Http2IT {

  private static final int PROTOCOL_ERROR = 1;
  private static final int REFUSED_STREAM = 7;
  private static final int CANCEL = 8;
  private static final int MOST_STREAMS = 100;
  private static final int ENHANCE_YOUR_CALM = 11;

  private static final TestCertificates OURS = new TestCertificates("ours");

  @TempDir private static Path folder;
  private static RecordingBackend backend;
  private static ConfigurableApplicationContext gateway;

  @BeforeAll
  static void start() throws Exception {
    backend = new RecordingBackend();
    TestCertificates.write(OURS.give("gateway"), folder, "gateway");
    TestGateway.routeAllTo("http://127.0.0.1:" + backend.port(), folder);
    Map<String, String> settings = new HashMap<>(TestGateway.tls(folder, "gateway"));
    settings.put("freshet.gateway.max-headers", "16KB");
    settings.put("freshet.gateway.client-patience", "1s");
    settings.put("freshet.gateway.head-timeout", "1s");
    gateway = TestGateway.startWith(folder, settings);
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    backend.close();
  }

  @BeforeEach
  void forget() {
    backend.forget();
  }

  private static RawHttp2 connect() throws Exception {
    return new RawHttp2(OURS.client(null), TestGateway.port(gateway)).send(RawHttp2.SETTINGS, 0, 0);
  }

  /** What a connection still does, whatever happened on it before. */
  private static void isAnswered(RawHttp2 client, int stream) throws IOException {
    client.get(stream, "/last");
    Frame end = client.end(stream);
    assertThat(end.type()).as("%s", end).isEqualTo(RawHttp2.DATA);
  }

  @Test
  void requestReachesTheBackendAsOneOfHttp11() throws Exception {
    try (RawHttp2 client = connect()) {
      client.get(
          1,
          "/a?b=c",
          "cookie",
          "a=1",
          "cookie",
          "b=2",
          "te",
          "trailers",
          "x-own",
          "kept",
          "x_own",
          "dropped",
          "x_request_id",
          "dropped");
      assertThat(client.end(1).payload()).isEqualTo("ok");
      assertThat(backend.received())
          .startsWith("GET /a?b=c HTTP/1.1\r\n")
          .contains("\r\ncookie: a=1; b=2\r\n")
          .contains("\r\nx-own: kept\r\n")
          .containsIgnoringCase("\r\nx-forwarded-host: shop.example\r\n")
          .doesNotContain("dropped")
          .doesNotContainIgnoringCase("\r\nte:")
          .doesNotContainIgnoringCase("x-http2")
          .doesNotContainIgnoringCase("transfer-encoding");
    }
  }

  @Test
  void streamBeyondTheMostIsRefusedAndTheOthersGoOn() throws Exception {
    try (RawHttp2 client = connect()) {
      int beyond = 2 * MOST_STREAMS + 1;
      for (int stream = 1; stream < beyond; stream += 2) {
        client.head(0, stream, RawHttp2.with("POST", "/a"));
      }
      client.get(beyond, "/beyond");
      assertThat(client.end(beyond))
          .returns(RawHttp2.RST_STREAM, Frame::type)
          .returns(REFUSED_STREAM, Frame::error);
      for (int stream = 1; stream < beyond; stream += 2) {
        client.send(RawHttp2.DATA, RawHttp2.END_STREAM, stream);
        assertThat(client.end(stream).payload()).isEqualTo("ok");
      }
      isAnswered(client, beyond + 2);
      assertThat(backend.received()).doesNotContain("/beyond");
    }
  }

  @Test
  void contentWithoutALengthIsChunkedAndTrailersStay() throws Exception {
    try (RawHttp2 client = connect()) {
      client.head(0, 1, RawHttp2.with("POST", "/a"));
      client.send(RawHttp2.DATA, 0, 1, "hel".getBytes(StandardCharsets.US_ASCII));
      client.send(RawHttp2.DATA, 0, 1, "lo".getBytes(StandardCharsets.US_ASCII));
      client.head(RawHttp2.END_STREAM, 1, "x-trailer", "stays");
      assertThat(client.end(1).payload()).isEqualTo("ok");
      assertThat(backend.received())
          .contains("transfer-encoding: chunked")
          .endsWith("0\r\n\r\n")
          .doesNotContain("x-trailer");
    }
  }

  /** Heads of which no byte may reach a backend; the stream is refused, or its connection. */
  static final List<List<String>> MALFORMED =
      List.of(
          List.of(":method", "GET", ":scheme", "https", ":authority", "x"),
          List.of(":method", "GET", ":path", "/", ":authority", "x"),
          List.of(":scheme", "https", ":path", "/", ":authority", "x"),
          List.of(":method", "GET", ":scheme", "https", ":path", "/"),
          List.of(":method", "CONNECT", ":authority", "x:443"),
          get("", "x"),
          get("/a b", "x"),
          get("a", "x"),
          get("http://y/", "x"),
          get("*", "x"),
          get("/../a", "x"),
          get("/%2e%2e/a", "x"),
          get("/a%2fb", "x"),
          get("/ HTTP/1.1\r\nHost: y\r\n\r\nGET /smuggled", "x"),
          head("GET /smuggled HTTP/1.1\r\nHost: y\r\n\r\nGET", "/", "x"),
          head("G ET", "/", "x"),
          head("CONNECT", "/", "x", ":protocol", "websocket"),
          get("/", "x\r\ny: z"),
          get("/", "a@x"),
          get("/", "x:1:2"),
          get("/", "x", "host", "y"),
          get("/", "x", ":path", "/b"),
          get("/", "x", ":own", "b"),
          List.of(":method", "GET", ":scheme", "https", ":path", "/", "a", "b", ":authority", "x"),
          get("/", "x", "transfer-encoding", "chunked"),
          get("/", "x", "connection", "x-own"),
          get("/", "x", "X-Own", "b"),
          get("/", "x", "a b", "c"),
          get("/", "x", "a", "b\r\nc: d"),
          get("/", "x", "a", "b\nc"),
          get("/", "x", "a", "b\u0000c"),
          get("/", "x", "a\r\nb", "c"),
          get("/", "x", "content-length", "5", "content-length", "6"),
          get("/", "x", "content-length", "+0"),
          get("/", "sho%70.example"),
          get("/", "x", "content-length", "5"));

  private static List<String> get(String path, String authority, String... more) {
    return head("GET", path, authority, more);
  }

  private static List<String> head(String method, String path, String authority, String... more) {
    List<String> fields =
        new ArrayList<>(
            List.of(":method", method, ":scheme", "https", ":path", path, ":authority", authority));
    fields.addAll(List.of(more));
    return fields;
  }

  @ParameterizedTest
  @FieldSource("MALFORMED")
  void malformedHeadReachesNoBackend(List<String> fields) throws Exception {
    try (RawHttp2 client = connect()) {
      client.head(RawHttp2.END_STREAM, 1, fields.toArray(String[]::new));
      Frame end = client.end(1);
      if (end.type() == RawHttp2.GOAWAY || end.type() == RawHttp2.RST_STREAM) {
        assertThat(end.error()).as("%s", end).isEqualTo(PROTOCOL_ERROR);
      } else {
        assertThat(end.payload())
            .matches("(?s).*urn:freshet:(bad-request|method-not-allowed|no-route).*");
      }
      assertThat(backend.received()).isEmpty();
      if (end.type() != RawHttp2.GOAWAY) {
        isAnswered(client, 3);
      }
    }
  }

  @Test
  void tooManyOrTooLargeHeadersAreRefused() throws Exception {
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 101; i++) {
      many.addAll(List.of("x" + i, "y"));
    }
    try (RawHttp2 client = connect()) {
      client.get(1, "/a", many.toArray(String[]::new));
      assertThat(client.end(1).payload()).contains("urn:freshet:headers-too-large");
      client.get(3, "/" + "a".repeat(8_192));
      assertThat(client.end(3).payload()).contains("urn:freshet:uri-too-long");
      assertThat(backend.received()).isEmpty();
      isAnswered(client, 5);
      client.get(7, "/a", "x", "y".repeat(15_000), "z", "y".repeat(15_000));
    } catch (IOException e) {
      // More than a frame holds may end the connection.
    }
    assertThat(backend.received()).doesNotContain("yyyy");
  }

  @ParameterizedTest
  @FieldSource("CONTENTS")
  void contentThatIsNotWholeIsNotEndedForTheBackend(List<String> parts) throws Exception {
    try (RawHttp2 client = connect()) {
      client.head(0, 1, RawHttp2.with("POST", "/a", "content-length", "5"));
      await().until(() -> backend.received().contains("/a"));
      for (String part : parts) {
        client.send(RawHttp2.DATA, 0, 1, part.getBytes(StandardCharsets.US_ASCII));
      }
      client.send(RawHttp2.DATA, RawHttp2.END_STREAM, 1);
      assertThat(client.end(1).type()).isEqualTo(RawHttp2.RST_STREAM);
      await().untilAsserted(() -> assertThat(backend.brokenOff()).isEqualTo(1));
      isAnswered(client, 3);
    }
  }

  static final List<List<String>> CONTENTS = List.of(List.of(), List.of("hel"));

  @Test
  void contentThatIsLongerThanItSaysIsCutOff() throws Exception {
    try (RawHttp2 client = connect()) {
      client.head(0, 1, RawHttp2.with("POST", "/a", "content-length", "5"));
      await().until(() -> backend.received().contains("/a"));
      client.send(
          RawHttp2.DATA,
          RawHttp2.END_STREAM,
          1,
          "helloGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      Frame end = client.end(1);
      assertThat(end.type()).isEqualTo(RawHttp2.RST_STREAM);
      assertThat(end.error()).isEqualTo(PROTOCOL_ERROR);
      isAnswered(client, 3);
      assertThat(backend.received()).doesNotContain("smuggled");
    }
  }

  @Test
  void clientThatTakesItsRequestBackAmidstTheContentBreaksItForTheBackend() throws Exception {
    try (RawHttp2 client = connect()) {
      client.head(0, 1, RawHttp2.with("POST", "/a"));
      client.send(RawHttp2.DATA, 0, 1, "hel".getBytes(StandardCharsets.US_ASCII));
      await().until(() -> backend.received().contains("hel"));
      client.send(RawHttp2.RST_STREAM, 0, 1, (byte) 0, (byte) 0, (byte) 0, (byte) CANCEL);
      await().untilAsserted(() -> assertThat(backend.brokenOff()).isEqualTo(1));
      isAnswered(client, 3);
    }
  }

  @Test
  void clientThatTakesBackOneRequestAfterTheOtherIsCutOff() throws Exception {
    try (RawHttp2 client = connect()) {
      Frame end = null;
      try {
        for (int i = 0; i < 1_000; i++) {
          int stream = 2 * i + 1;
          client.get(stream, "/a");
          client.send(RawHttp2.RST_STREAM, 0, stream, (byte) 0, (byte) 0, (byte) 0, (byte) CANCEL);
        }
        end = client.await(frame -> frame.type() == RawHttp2.GOAWAY);
      } catch (SocketException e) {
        // It was cut off before all was sent.
      }
      if (end != null) {
        assertThat(end.error()).isEqualTo(ENHANCE_YOUR_CALM);
      }
    }
    try (RawHttp2 other = connect()) {
      isAnswered(other, 1);
    }
  }

  @ParameterizedTest
  @FieldSource("NOTICES")
  void floodOfFramesThatAskForNothingIsCutOff(Notice notice) throws Exception {
    try (RawHttp2 client = connect()) {
      byte[] payload = new byte[notice.length()];
      Frame end = null;
      try {
        for (int i = 0; i < 2_000; i++) {
          client.send(notice.type(), notice.flags(), notice.stream(), payload);
        }
        end = client.await(frame -> frame.type() == RawHttp2.GOAWAY);
      } catch (SocketException e) {
        // It was cut off before all was sent.
      }
      if (end != null) {
        assertThat(end.error()).isEqualTo(ENHANCE_YOUR_CALM);
      }
    }
    try (RawHttp2 other = connect()) {
      isAnswered(other, 1);
    }
  }

  /** A frame that asks for nothing. */
  record Notice(int type, int flags, int stream, int length) {}

  static final List<Notice> NOTICES =
      List.of(
          new Notice(RawHttp2.SETTINGS, 0, 0, 0),
          new Notice(RawHttp2.PING, 0, 0, 8),
          new Notice(RawHttp2.PING, RawHttp2.ACK, 0, 8),
          new Notice(RawHttp2.PRIORITY, RawHttp2.ACK, 1, 5));

  @Test
  void headThatDoesNotComeInTimeEndsTheConnection() throws Exception {
    try (RawHttp2 client = connect()) {
      isAnswered(client, 1); // and what the gateway had to say at the beginning is taken
      client.send(RawHttp2.HEADERS, RawHttp2.END_STREAM, 3, (byte) 0x82, (byte) 0x87, (byte) 0x84);
      assertThat(client.await(frame -> frame.type() == RawHttp2.GOAWAY).error())
          .isEqualTo(ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void streamWhoseClientOpensNoWindowIsResetAndOthersGoOn() throws Exception {
    try (RawHttp2 client = connect()) {
      // No stream may have more than a byte.
      client.send(
          RawHttp2.SETTINGS, 0, 0, (byte) 0, (byte) 4, (byte) 0, (byte) 0, (byte) 0, (byte) 1);
      client.get(1, "/a");
      Frame reset = client.await(frame -> frame.type() == RawHttp2.RST_STREAM);
      assertThat(reset.stream()).isEqualTo(1);
      client.get(3, "/b");
      client.send(RawHttp2.WINDOW_UPDATE, 0, 3, (byte) 0, (byte) 0, (byte) 1, (byte) 0);
      assertThat(client.end(3).type()).isEqualTo(RawHttp2.DATA);
    }
  }

  @Test
  void noMoreStreamsAreOpenAtATimeThanTheSettingsSay() throws Exception {
    try (RawHttp2 client = connect()) {
      for (int i = 0; i < 101; i++) {
        client.head(0, 2 * i + 1, RawHttp2.with("POST", "/a"));
      }
      Frame refused = client.await(frame -> frame.type() == RawHttp2.RST_STREAM);
      assertThat(refused.stream()).isEqualTo(201);
    }
  }
}
