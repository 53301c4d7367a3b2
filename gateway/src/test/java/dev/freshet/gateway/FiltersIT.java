package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.core.Options;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.stubbing.Scenario;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Filters of Spring Cloud Gateway, by their own names, on Freshet's routes. */
class FiltersIT {

  @TempDir Path folder;

  private WireMockServer backend;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    backend =
        new WireMockServer(
            WireMockConfiguration.options()
                .dynamicPort()
                .bindAddress("127.0.0.1")
                .useChunkedTransferEncoding(Options.ChunkedEncodingPolicy.NEVER));
    backend.start();
    backend.stubFor(
        any(anyUrl())
            .willReturn(okJson("{\"is\":\"there\"}").withHeader("Freshet-Position", "1:0/500")));
    backend.stubFor(
        get("/.freshet/position")
            .willReturn(
                okJson(
                    "{\"position\":\"1:0/500\",\"kind\":\"primary\",\"lagSeconds\":0,\"ready\":true}")));
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - id: shop
            path: /shop/**
            read: { pool: all }
            write: { pool: all }
            filters:
              - StripPrefix=1
              - AddRequestHeader=X-From, gateway
              - { name: AddResponseHeader, args: { name: X-By, value: freshet } }
              - PreserveHostHeader
          - id: old
            path: /old/{id}
            read: { pool: all }
            filters: [ "RedirectTo=308, https://new.example/" ]
          - id: renamed
            path: /kinds/{kind}/{id}
            read: { pool: all }
            filters: [ "SetPath=/items/{id}", "AddRequestHeader=X-Kind, {kind}" ]
          - id: rewritten
            path: /v1/**
            read: { pool: all }
            filters: [ "RewriteLocationResponseHeader=AS_IN_REQUEST, Location, ,", 'RewritePath=/v1/(?<rest>.*), /api/$\\{rest}' ]
          - id: teapot
            path: /teapot
            read: { pool: all }
            filters: [ SetStatus=418 ]
          - id: again
            path: /again
            read: { pool: all }
            filters: [ { name: Retry, args: { retries: 2, statuses: INTERNAL_SERVER_ERROR } } ]
        pools:
          all: { instances: [ { id: one, url: "http://127.0.0.1:%d", kind: primary } ] }
        """
            .formatted(backend.port()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    backend.stop();
  }

  private HttpResponse<String> send(String method, String path, String body, String... headers)
      throws Exception {
    return TestGateway.send(gateway, method, path, body, headers);
  }

  @Test
  void requestAndAnswerPassTheFilters() throws Exception {
    HttpResponse<String> answer = send("GET", "/shop/orders?limit=1", "");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"is\":\"there\"}");
    assertThat(answer.headers().firstValue("X-By")).contains("freshet");
    assertThat(answer.headers().firstValue("Freshet-Source").orElseThrow())
        .startsWith("one;kind=primary");
    assertThat(answer.headers().firstValue("Freshet-Session")).isPresent();
    assertThat(answer.headers().firstValue("Freshet-Position")).isEmpty();
    backend.verify(
        getRequestedFor(urlEqualTo("/orders?limit=1"))
            .withHeader("X-From", equalTo("gateway"))
            .withHeader(
                "Host",
                equalTo(
                    URI.create("http://127.0.0.1:" + TestGateway.port(gateway)).getAuthority())));
  }

  @Test
  void bodiesOfAnySizePassTheFilters() throws Exception {
    String large = "x".repeat(3_000_000);
    backend.stubFor(
        get("/large")
            .willReturn(aResponse().withBody(large).withHeader("Freshet-Position", "1:0/500")));
    assertThat(send("GET", "/shop/large", "").body()).isEqualTo(large);
    HttpResponse<String> answer = send("POST", "/shop/orders", large);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Freshet-Session")).isPresent();
    backend.verify(postRequestedFor(urlEqualTo("/orders")).withRequestBody(equalTo(large)));
  }

  @Test
  void headIsAnsweredWithTheLengthAlone() throws Exception {
    HttpResponse<String> answer = send("HEAD", "/shop/orders", "");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
    assertThat(answer.headers().firstValue("X-By")).contains("freshet");
  }

  @Test
  void filterThatAnswersItselfAsksNoBackend() throws Exception {
    HttpResponse<String> answer = send("GET", "/old/7", "");
    assertThat(answer.statusCode()).isEqualTo(308);
    assertThat(answer.headers().firstValue("Location")).contains("https://new.example/");
    backend.verify(0, anyRequestedFor(urlEqualTo("/old/7")));
  }

  @Test
  void charactersThatBrowsersSendAreEncodedBeforeTheFilters() throws Exception {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      client
          .getOutputStream()
          .write(
              "GET /shop/a?q={1}|\"^`<>è&b=%27&c=5% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.UTF_8));
      assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 200 ");
    }
    backend.verify(
        getRequestedFor(urlEqualTo("/a?q=%7B1%7D%7C%22%5E%60%3C%3E%C3%A8&b=%27&c=5%25")));
  }

  @Test
  void variablesOfThePathAreThereForFilters() throws Exception {
    assertThat(send("GET", "/kinds/large/a%20b?x=1", "").statusCode()).isEqualTo(200);
    backend.verify(
        getRequestedFor(urlEqualTo("/items/a%20b?x=1")).withHeader("X-Kind", equalTo("large")));
  }

  @Test
  void pathsAreRewrittenAndLocationsBack() throws Exception {
    backend.stubFor(
        get("/api/orders/7")
            .willReturn(
                aResponse()
                    .withStatus(302)
                    .withHeader("Freshet-Position", "1:0/500")
                    .withHeader("Location", "http://backend.example/v1/orders/8")));
    HttpResponse<String> answer = send("GET", "/v1/orders/7", "");
    assertThat(answer.statusCode()).isEqualTo(302);
    assertThat(answer.headers().firstValue("Location"))
        .hasValue("http://127.0.0.1:%s/v1/orders/8".formatted(TestGateway.port(gateway)));
  }

  /** What the client names there is its own, not what filters add. */
  @Test
  void connectionHeaderTakesNothingFromWhatFiltersAdd() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "GET /shop/orders HTTP/1.1\r\nHost: a\r\nConnection: close, X-From, X-Mine\r\nX-Mine: 1\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 200 ");
    }
    backend.verify(
        getRequestedFor(urlEqualTo("/orders"))
            .withHeader("X-From", equalTo("gateway"))
            .withHeader("X-Mine", absent()));
  }

  @Test
  void filterMayChangeTheStatusOfAnAnswer() throws Exception {
    HttpResponse<String> answer = send("GET", "/teapot", "");
    assertThat(answer.statusCode()).isEqualTo(418);
    assertThat(answer.body()).isEqualTo("{\"is\":\"there\"}");
  }

  @Test
  void filterMaySendARequestAgain() throws Exception {
    backend.stubFor(
        get("/again")
            .inScenario("again")
            .whenScenarioStateIs(Scenario.STARTED)
            .willReturn(aResponse().withStatus(500))
            .willSetStateTo("better"));
    backend.stubFor(
        get("/again")
            .inScenario("again")
            .whenScenarioStateIs("better")
            .willReturn(okJson("{}").withHeader("Freshet-Position", "1:0/500")));
    HttpResponse<String> answer = send("GET", "/again", "");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{}");
    assertThat(answer.headers().allValues("Freshet-Source")).hasSize(1);
  }

  @Test
  void preflightsPassTheFiltersToo() throws Exception {
    send(
        "OPTIONS",
        "/shop/orders",
        "",
        "Origin",
        "https://app.example",
        "Access-Control-Request-Method",
        "GET");
    backend.verify(1, anyRequestedFor(urlEqualTo("/orders")));
  }

  @Test
  void refusalsPassTheFilters() throws Exception {
    HttpResponse<String> answer = send("GET", "/shop/orders", "", "Freshet-Consistency", "strong");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("level-not-allowed");
    assertThat(answer.headers().firstValue("X-By")).contains("freshet");
    assertThat(send("DELETE", "/again", "").statusCode()).isEqualTo(405);
  }
}
