package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

/** What is between gateway and backends stays there, whatever filters make of a request. */
class InternalPathsIT {

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
        routes:
          - { id: strip, path: /strip/**, read: { pool: one }, filters: [ StripPrefix=1 ] }
          - { id: rewrite, path: /rewrite/**, read: { pool: one }, write: { pool: one }, filters: [ 'RewritePath=/rewrite/(?<rest>.*), /$\\{rest}' ] }
          - { id: join, path: "/join/{a}/{b}", read: { pool: one }, filters: [ "SetPath=/{a}{b}/position" ] }
          - { id: set, path: /set/**, read: { pool: one }, filters: [ SetPath=/.freshet/position ] }
          - { id: prefix, path: /prefix/**, read: { pool: one }, filters: [ StripPrefix=1, PrefixPath=/.freshet ] }
          - id: headers
            path: /headers/**
            read: { pool: one }
            filters:
              - AddRequestHeader=Freshet-Position, 1:0/1
              - SetRequestHeader=Freshet-Min-Position, 1:0/2
              - AddRequestHeader=Freshet_Principal, root
              - AddRequestHeader=Freshet-Later, x
              - MapRequestHeader=X-Who, Freshet-Principal
              - AddRequestHeader=api_key, kept
          - { id: plain, path: /**, read: { pool: one }, websocket: true }
        pools:
          one: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] }
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

  /** The answer to a request as the JDK's client would not send it. */
  private static String send(String line, String... headers) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(10_000);
      StringBuilder request = new StringBuilder(line).append(" HTTP/1.1\r\nHost: a\r\n");
      for (String header : headers) {
        request.append(header).append("\r\n");
      }
      socket
          .getOutputStream()
          .write(
              request
                  .append("Connection: close\r\n\r\n")
                  .toString()
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/.freshet/position",
        "/%2efreshet/position",
        "/strip/.freshet/commands",
        "/strip/%2efreshet/commands",
        "/strip/%2Efreshet/commands",
        "/strip/.FRESHET/commands",
        "/strip/.freshet;x/commands",
        "/strip/;x/.freshet/commands",
        "/strip//.freshet/commands",
        "/strip/%252efreshet/commands",
        "/strip/.freshet%3bx/commands",
        "/rewrite/.freshet/commands",
        "/rewrite/%2efreshet/commands",
        "/join/./freshet",
        "/join/.fresh/et",
        "/join/%2efresh/et",
        "/set/anything",
        "/prefix/commands",
      })
  void nothingLeadsToThem(String path) throws Exception {
    assertThat(send("GET " + path)).matches("(?s)HTTP/1.1 (404|400) .*(no-route|bad-request).*");
    assertThat(backend.requests()).isEmpty();
  }

  @Test
  void norDoWebSocketsAndWrites() throws Exception {
    assertThat(send("POST /rewrite/.freshet/commands", "Content-Length: 0")).contains(" 404 ");
    assertThat(
            send(
                "GET /%2efreshet/commands",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="))
        .contains(" 404 ");
    assertThat(backend.requests()).isEmpty();
  }

  @Test
  void otherPathsPassTheSameFilters() throws Exception {
    assertThat(send("GET /strip/freshet/x.freshet?a=.freshet")).startsWith("HTTP/1.1 200 ");
    assertThat(backend.received()).startsWith("GET /freshet/x.freshet?a=.freshet HTTP/1.1\r\n");
  }

  @Test
  void headersBetweenGatewayAndBackendsAreNotForFiltersToSet() throws Exception {
    assertThat(send("GET /headers/x", "X-Who: root", "other_key: dropped"))
        .startsWith("HTTP/1.1 200 ");
    assertThat(backend.received().toLowerCase(Locale.ROOT))
        .contains("freshet-deadline: ", "api_key: kept")
        .doesNotContain("freshet-position", "freshet-min-position", "freshet-later")
        .doesNotContain("principal", "other_key");
  }
}
