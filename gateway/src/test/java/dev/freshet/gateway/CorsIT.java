package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.optionsRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** What pages of other origins may do, as browsers are told. */
class CorsIT {

  private static final String SHOP = "https://shop.example";

  @TempDir Path folder;

  private WireMockServer backend;
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    backend = TestServers.start();
    backend.stubFor(
        any(anyUrl())
            .willReturn(
                okJson("{}")
                    .withHeader("Access-Control-Allow-Origin", "https://backend.example")
                    .withHeader("Access-Control-Allow-Methods", "TRACE")));
    backend.stubFor(any(urlEqualTo("/.freshet/position")).willReturn(notFound()));
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - id: shop
            path: /shop/**
            read: { pool: all }
            write: { pool: all }
            cors: { origins: [ "https://shop.example", "https://*.app.example" ], credentials: true, max-age: 1h }
          - id: filtered
            path: /filtered/**
            read: { pool: all }
            cors: { origins: [ "*" ] }
            filters: [ "AddResponseHeader=X-By, freshet" ]
          - id: plain
            path: /plain/**
            read: { pool: all }
        pools:
          all: { instances: [ { id: one, url: "http://127.0.0.1:%d" } ] }
        """
            .formatted(backend.port()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    backend.stop();
  }

  private HttpResponse<String> preflight(String path, String origin, String method)
      throws Exception {
    return TestGateway.send(
        gateway,
        "OPTIONS",
        path,
        "",
        "Origin",
        origin,
        "Access-Control-Request-Method",
        method,
        "Access-Control-Request-Headers",
        "freshet-session");
  }

  private static String header(HttpResponse<String> answer, String name) {
    return String.join(" | ", answer.headers().allValues(name));
  }

  @Test
  void preflightIsAnsweredByTheGatewayAlone() throws Exception {
    HttpResponse<String> answer = preflight("/shop/orders", SHOP, "POST");
    assertThat(answer.statusCode()).isEqualTo(204);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo(SHOP);
    assertThat(header(answer, "Access-Control-Allow-Methods")).isEqualTo("POST");
    assertThat(header(answer, "Access-Control-Allow-Headers")).isEqualTo("freshet-session");
    assertThat(header(answer, "Access-Control-Allow-Credentials")).isEqualTo("true");
    assertThat(header(answer, "Access-Control-Max-Age")).isEqualTo("3600");
    assertThat(header(answer, "Vary")).startsWith("Origin, ");
    assertThat(preflight("/filtered/x", "https://any.example", "GET").statusCode()).isEqualTo(204);
    backend.verify(0, optionsRequestedFor(anyUrl()));
  }

  @Test
  void preflightOfAnOriginOrAMethodThatIsNotAllowedIsRefused() throws Exception {
    HttpResponse<String> answer = preflight("/shop/orders", "https://evil.example", "GET");
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEmpty();
    assertThat(preflight("/filtered/x", SHOP, "DELETE").statusCode()).isEqualTo(403);
  }

  @Test
  void answersAndRefusalsSayWhatTheRouteAllowsAndNotWhatTheBackendSays() throws Exception {
    HttpResponse<String> answer =
        TestGateway.send(gateway, "GET", "/shop/1", "", "Origin", "https://a.app.example");
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo("https://a.app.example");
    assertThat(header(answer, "Access-Control-Allow-Methods")).isEmpty();
    assertThat(header(answer, "Access-Control-Expose-Headers"))
        .isEqualTo("Freshet-Session, Freshet-Source, ETag, Location, Content-Range");
    assertThat(header(answer, "Vary")).contains("Origin");
    HttpResponse<String> refusal =
        TestGateway.send(
            gateway, "GET", "/shop/1", "", "Origin", SHOP, "Freshet-Session", "no token");
    assertThat(refusal.statusCode()).isEqualTo(400);
    assertThat(header(refusal, "Access-Control-Allow-Origin")).isEqualTo(SHOP);
    HttpResponse<String> filtered =
        TestGateway.send(gateway, "GET", "/filtered/1", "", "Origin", SHOP);
    assertThat(header(filtered, "Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(header(filtered, "X-By")).isEqualTo("freshet");
  }

  @Test
  void originThatIsNotAllowedGetsAnAnswerThatBrowsersKeepFromThePage() throws Exception {
    HttpResponse<String> answer =
        TestGateway.send(gateway, "GET", "/shop/1", "", "Origin", "https://evil.example");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEmpty();
    assertThat(header(TestGateway.send(gateway, "GET", "/shop/1", ""), "Vary")).contains("Origin");
  }

  @Test
  void withoutCorsWhatTheBackendSaysPasses() throws Exception {
    HttpResponse<String> answer = TestGateway.send(gateway, "GET", "/plain/1", "", "Origin", SHOP);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo("https://backend.example");
    assertThat(header(answer, "Access-Control-Expose-Headers")).contains("Freshet-Session");
    preflight("/plain/1", SHOP, "GET");
    backend.verify(1, optionsRequestedFor(urlEqualTo("/plain/1")));
  }
}
