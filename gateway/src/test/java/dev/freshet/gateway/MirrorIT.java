package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.freshet.gateway.access.TestTokens;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Reads that go to a second pool, too. */
class MirrorIT {

  @TempDir Path folder;

  private final WireMockServer serving = TestServers.answering("same");
  private final WireMockServer shadow = TestServers.answering("same");
  private ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: filtered, path: /filtered, read: { pool: all, mirror: { pool: shadow } }, filters: [ "AddRequestHeader=X-From, gateway" ] }
          - { id: all, path: /**, read: { pool: all, mirror: { pool: shadow } }, write: { pool: all } }
        pools:
          all: { instances: [ { id: serving, url: "%s" } ] }
          shadow: { instances: [ { id: shadow, url: "%s" } ] }
        """
            .formatted(serving.baseUrl(), shadow.baseUrl()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "1s"));
  }

  @AfterEach
  void stop() {
    gateway.close();
    serving.stop();
    shadow.stop();
  }

  private HttpResponse<String> send(String method, String path, String... headers)
      throws Exception {
    return TestGateway.send(gateway, method, path, "", headers);
  }

  private void awaitCounted(String route, String outcome, int count) {
    String line =
        "freshet_mirrored_total{outcome=\"%s\",route=\"%s\"} %d.0".formatted(outcome, route, count);
    Awaitility.await()
        .until(
            () ->
                TestGateway.operate(gateway, "GET", "/actuator/prometheus", "")
                    .body()
                    .contains(line));
  }

  @Test
  void answersAreComparedAndCounted() throws Exception {
    serving.stubFor(any(urlEqualTo("/other")).willReturn(ok("one")));
    shadow.stubFor(any(urlEqualTo("/other")).willReturn(ok("two")));
    shadow.stubFor(any(urlEqualTo("/gone")).willReturn(notFound()));
    String large = "x".repeat(3_000_000);
    serving.stubFor(any(urlEqualTo("/large")).willReturn(ok(large)));
    shadow.stubFor(any(urlEqualTo("/large")).willReturn(ok(large)));
    assertThat(send("GET", "/a?b=1", "Cookie", "c=d").body()).isEqualTo("same");
    awaitCounted("all", "same", 1);
    shadow.verify(getRequestedFor(urlEqualTo("/a?b=1")).withHeader("Cookie", equalTo("c=d")));
    assertThat(send("GET", "/large").body()).isEqualTo(large);
    awaitCounted("all", "same", 2);
    assertThat(send("GET", "/other").body()).isEqualTo("one");
    awaitCounted("all", "different", 1);
    assertThat(send("GET", "/gone").statusCode()).isEqualTo(200);
    awaitCounted("all", "different", 2);
    assertThat(send("GET", "/filtered").body()).isEqualTo("same");
    awaitCounted("filtered", "same", 1);
    shadow.verify(
        getRequestedFor(urlEqualTo("/filtered")).withHeader("X-From", equalTo("gateway")));
  }

  /** A backend that goes by it would answer somebody else. */
  @Test
  void mirroredRequestIsOfTheSamePrincipal() throws Exception {
    RSAKey key = new RSAKeyGenerator(2048).keyID("one").generate();
    serving.stubFor(any(urlEqualTo("/keys")).willReturn(okJson(new JWKSet(key).toString())));
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        jwt: { issuer: "https://login.example", audience: [ shop ], keys: "%1$s/keys" }
        routes:
          - { id: own, path: /**, access: { read: [] }, read: { pool: all, mirror: { pool: shadow } } }
        pools:
          all: { instances: [ { id: serving, url: "%1$s" } ] }
          shadow: { instances: [ { id: shadow, url: "%2$s" } ] }
        """
            .formatted(serving.baseUrl(), shadow.baseUrl()));
    Awaitility.await()
        .until(
            () ->
                TestGateway.operate(gateway, "GET", "/api/status", "")
                    .body()
                    .contains("\"generation\":2"));
    String token =
        TestTokens.signed(
            key,
            new JWTClaimsSet.Builder()
                .issuer("https://login.example")
                .audience("shop")
                .subject("ada")
                .expirationTime(Date.from(Instant.now().plusSeconds(300))));
    assertThat(send("GET", "/mine", "Authorization", "Bearer " + token).statusCode())
        .isEqualTo(200);
    awaitCounted("own", "same", 1);
    shadow.verify(
        getRequestedFor(urlEqualTo("/mine")).withHeader("Freshet-Principal", equalTo("ada")));
  }

  @Test
  void writesAndReadsWithContentAreNotMirrored() throws Exception {
    assertThat(send("POST", "/a").statusCode()).isEqualTo(200);
    assertThat(TestGateway.send(gateway, "QUERY", "/a", "q").statusCode()).isEqualTo(200);
    assertThat(send("HEAD", "/a").statusCode()).isEqualTo(200);
    awaitCounted("all", "same", 1);
    shadow.verify(1, anyRequestedFor(urlPathMatching("/a")));
  }

  @Test
  void shadowThatFailsHarmsNobody() throws Exception {
    shadow.stubFor(any(urlEqualTo("/slow")).willReturn(ok("same").withFixedDelay(5_000)));
    assertThat(send("GET", "/slow").body()).isEqualTo("same");
    awaitCounted("all", "failed", 1);
    shadow.stop();
    Awaitility.await()
        .until(
            () -> TestGateway.operate(gateway, "GET", "/api/status", "").body().contains("down"));
    assertThat(send("GET", "/a").body()).isEqualTo("same");
    awaitCounted("all", "skipped", 1);
    assertThat(TestGateway.operate(gateway, "GET", "/api/status", "").body())
        .as("on which nobody depends")
        .contains("\"ok\":true");
  }
}
