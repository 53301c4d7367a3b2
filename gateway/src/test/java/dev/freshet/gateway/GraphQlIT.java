package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.matching;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.status;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Routes on which the content says what a request means. */
class GraphQlIT {

  private static final String QUERY = "{\"query\":\"{ orders { id } }\"}";
  private static final String MUTATION = "{\"query\":\"mutation { cook }\"}";

  @TempDir Path folder;

  private final WireMockServer writer = server("primary", "1:0/500");
  private final WireMockServer replica = server("replica", "1:0/100");
  private ConfigurableApplicationContext gateway;

  private static WireMockServer server(String kind, String position) {
    WireMockServer server = TestServers.start();
    server.stubFor(any(anyUrl()).willReturn(okJson("{}").withHeader("Freshet-Position", position)));
    server.stubFor(
        any(urlEqualTo("/.freshet/position"))
            .willReturn(
                okJson(
                    "{\"position\":\"%s\",\"kind\":\"%s\",\"lagSeconds\":0,\"ready\":true}"
                        .formatted(position, kind))));
    return server;
  }

  @BeforeEach
  void start() throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: plain, path: /graphql, intent: graphql, persisted: { board: read }, read: { pool: readers, wait: 2s }, write: { pool: writers } }
          - { id: filtered, path: /filtered, intent: graphql, read: { pool: readers }, write: { pool: writers }, filters: [ "AddRequestHeader=X-From, gateway" ] }
          - { id: queries, path: /queries, intent: graphql, read: { pool: readers } }
          - { id: search, path: /search, methods: { POST: read }, read: { pool: readers, wait: 2s } }
        pools:
          writers: { instances: [ { id: writer, url: "%s" } ] }
          readers: { instances: [ { id: replica, url: "%s", kind: replica } ] }
        """
            .formatted(writer.baseUrl(), replica.baseUrl()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    writer.stop();
    replica.stop();
  }

  private HttpResponse<String> post(String path, String body, String... more) throws Exception {
    String[] headers = Arrays.copyOf(more, more.length + 2);
    headers[more.length] = "Content-Type";
    headers[more.length + 1] = "application/json";
    return TestGateway.send(gateway, "POST", path, body, headers);
  }

  private static String source(HttpResponse<String> answer) {
    return answer.headers().firstValue("Freshet-Source").orElse("none: " + answer.body());
  }

  @Test
  void queriesGoToCopiesAndMutationsToThePrimary() throws Exception {
    assertThat(source(post("/graphql", QUERY))).startsWith("replica;");
    assertThat(source(post("/graphql", MUTATION))).startsWith("writer;");
    assertThat(source(post("/graphql", "{\"id\":\"board\"}"))).startsWith("replica;");
    assertThat(source(TestGateway.send(gateway, "GET", "/graphql?query=%7Ba%7D", "")))
        .startsWith("replica;");
    assertThat(source(TestGateway.send(gateway, "POST", "/graphql", "a=b")))
        .as("of a type that says nothing")
        .startsWith("writer;");
    replica.verify(postRequestedFor(urlEqualTo("/graphql")).withRequestBody(equalTo(QUERY)));
    writer.verify(postRequestedFor(urlEqualTo("/graphql")).withRequestBody(equalTo(MUTATION)));
  }

  @Test
  void filtersSeeTheContent() throws Exception {
    assertThat(source(post("/filtered", QUERY))).startsWith("replica;");
    assertThat(source(post("/filtered", MUTATION))).startsWith("writer;");
    replica.verify(
        postRequestedFor(urlEqualTo("/filtered"))
            .withRequestBody(equalTo(QUERY))
            .withHeader("X-From", equalTo("gateway")));
    writer.verify(postRequestedFor(urlEqualTo("/filtered")).withRequestBody(equalTo(MUTATION)));
  }

  @Test
  void routeWithoutThatIntentRefuses() throws Exception {
    HttpResponse<String> answer = post("/queries", MUTATION);
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.body()).contains("Route queries does not take");
    assertThat(answer.headers().firstValue("Allow")).hasValue("GET, HEAD, OPTIONS, POST, QUERY");
    assertThat(post("/queries", QUERY).statusCode()).isEqualTo(200);
  }

  /** A read that carries content waits for copies like any other, and is sent again to the next. */
  @Test
  void queryIsSentAgainWhereACopyDeclines() throws Exception {
    String token = post("/graphql", MUTATION).headers().firstValue("Freshet-Session").orElseThrow();
    replica.stubFor(
        WireMock.post(anyUrl())
            .withHeader("Freshet-Min-Position", equalTo("1:0/500"))
            .withHeader("Freshet-Max-Wait", matching("\\d{3,4}"))
            .willReturn(okJson("{\"waited\":true}").withHeader("Freshet-Position", "1:0/500")));
    HttpResponse<String> answer = post("/graphql", QUERY, "Freshet-Session", token);
    assertThat(source(answer)).startsWith("replica;kind=replica;reason=waited");
    assertThat(answer.body()).isEqualTo("{\"waited\":true}");
    replica.resetMappings();
    replica.stubFor(
        any(anyUrl()).willReturn(status(503).withHeader("Freshet-Position", "1:0/400")));
    assertThat(source(post("/search", "a=1", "Freshet-Session", token))).startsWith("none");
    replica.verify(postRequestedFor(urlEqualTo("/search")).withRequestBody(equalTo("a=1")));
  }

  @Test
  void contentWithoutALengthIsBounded() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(
          "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      String chunk = "8000\r\n" + "x".repeat(0x8000) + "\r\n";
      for (int i = 0; i < 9; i++) {
        out.write(chunk.getBytes(StandardCharsets.US_ASCII));
      }
      out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer =
          new String(socket.getInputStream().readNBytes(280), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 413 ");
    }
    assertThat(source(post("/graphql", "{\"a\":\"" + "x".repeat(300_000) + "\"}")))
        .as("that says how much it is")
        .startsWith("writer;");
  }

  @Test
  void explanationReadsTheContent() throws Exception {
    String asked =
        "{\"method\":\"POST\",\"path\":\"/graphql\",\"body\":\"{\\\"query\\\":\\\"%s\\\"}\"}";
    assertThat(explained(asked.formatted("{ a }")))
        .contains("\"intent\":\"read\"", "\"decidedBy\":\"it is a query\"");
    assertThat(explained(asked.formatted("mutation { a }")))
        .contains("\"intent\":\"write\"", "it is a mutation", "\"chosen\":\"writer\"");
  }

  private String explained(String asked) throws Exception {
    return TestGateway.operate(gateway, "POST", "/api/explain", asked).body();
  }
}
