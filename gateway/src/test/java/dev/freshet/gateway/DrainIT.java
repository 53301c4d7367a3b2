package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Instances that operators take out of use. */
class DrainIT {

  @TempDir Path folder;

  private final WireMockServer one = server();
  private final WireMockServer two = server();
  private ConfigurableApplicationContext gateway;

  private static WireMockServer server() {
    WireMockServer server = TestServers.start();
    server.stubFor(any(anyUrl()).willReturn(okJson("{}")));
    server.stubFor(any(urlEqualTo("/slow")).willReturn(okJson("\"slow\"").withFixedDelay(3_000)));
    server.stubFor(any(urlEqualTo("/.freshet/position")).willReturn(notFound()));
    return server;
  }

  @BeforeEach
  void start() throws Exception {
    write(one.baseUrl(), "/**");
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    one.stop();
    two.stop();
  }

  private void write(String urlOfOne, String path) throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: "%s", read: { pool: all }, write: { pool: all } } ]
        pools:
          all:
            instances: [ { id: one, url: "%s" }, { id: two, url: "%s" } ]
        """
            .formatted(path, urlOfOne, two.baseUrl()));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return TestGateway.send(gateway, "GET", path, "");
  }

  private HttpResponse<String> tell(String id, String what, String... headers) throws Exception {
    return TestGateway.operate(gateway, "POST", "/api/instances/" + id + "/" + what, "", headers);
  }

  private String status() throws Exception {
    return TestGateway.operate(gateway, "GET", "/api/status", "").body();
  }

  /** Who answers some requests. */
  private Set<String> answering() throws Exception {
    Set<String> by = new HashSet<>();
    for (int i = 0; i < 6; i++) {
      HttpResponse<String> answer = get("/x");
      assertThat(answer.statusCode()).isEqualTo(200);
      by.add(answer.headers().firstValue("Freshet-Source").orElseThrow().replaceFirst(";.*", ""));
    }
    return by;
  }

  @Test
  void requestsThatItHasGoOnAndOthersGoElsewhere() throws Exception {
    assertThat(answering()).contains("one");
    CompletableFuture<HttpResponse<String>> slow =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return get("/slow");
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    Awaitility.await().until(() -> status().contains("\"inFlight\":1"));
    String busy = one.findAll(anyRequestedFor(urlEqualTo("/slow"))).isEmpty() ? "two" : "one";
    assertThat(tell(busy, "drain").body()).contains("\"state\":\"draining\"", "\"inFlight\":1");
    assertThat(answering()).doesNotContain(busy);
    assertThat(slow.get().body()).isEqualTo("\"slow\"");
    assertThat(status())
        .contains("\"state\":\"drained\"", "\"ok\":true", "All copies are fresh; drained: " + busy);
    assertThat(tell(busy, "ready").body()).contains("\"state\":\"ready\"");
  }

  @Test
  void itStaysDrainedWhenTheRoutesAreReadAnew() throws Exception {
    tell("one", "drain");
    // The same id, elsewhere: another instance in all but name.
    write(one.baseUrl().replace("127.0.0.1", "localhost"), "/{*rest}");
    Awaitility.await().until(() -> status().contains("\"generation\":2"));
    assertThat(answering()).containsExactly("two");
    tell("one", "ready");
    assertThat(answering()).contains("one");
  }

  @Test
  void allThatAreDrainedAnswerNobody() throws Exception {
    tell("one", "drain");
    tell("two", "drain");
    assertThat(get("/x").statusCode()).isEqualTo(503);
    assertThat(status()).contains("\"ok\":false", "All instances of pool all are drained");
    assertThat(
            TestGateway.operate(
                    gateway, "POST", "/api/explain", "{\"method\":\"GET\",\"path\":\"/x\"}")
                .body())
        .contains("an operator took it out of use", "\"chosen\":null");
  }

  @Test
  void onlyOperatorsChangeIt() throws Exception {
    assertThat(tell("three", "drain").statusCode()).isEqualTo(404);
    assertThat(tell("one", "drain", "Origin", "https://elsewhere.example").statusCode())
        .isEqualTo(403);
    assertThat(TestGateway.operate(gateway, "GET", "/api/instances/one/drain", "").statusCode())
        .isIn(404, 405);
    assertThat(status()).doesNotContain("drained", "draining");
  }
}
