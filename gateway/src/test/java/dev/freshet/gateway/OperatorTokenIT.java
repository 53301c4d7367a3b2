package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

/** Operators' endpoints that more than this machine can reach. */
class OperatorTokenIT {

  private static final String TOKEN = "correct horse battery staple";

  @TempDir Path folder;

  @BeforeEach
  void routes() throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: one } } ]
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:1" } ] } }
        """);
  }

  private ConfigurableApplicationContext start(String listen, String token) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("server.port", 0);
    properties.put("server.address", "127.0.0.1");
    properties.put("management.server.port", 0);
    properties.put("management.server.address", listen);
    properties.put("freshet.gateway.routes", folder.resolve("routes.yaml").toString());
    properties.put("freshet.gateway.data", folder.toString());
    properties.put("freshet.operator-token", token);
    return Gateway.start(properties);
  }

  /** Of a browser, which asks before it sends a token. */
  @Test
  void preflightIsNoFaultOfTheGateway() throws Exception {
    try (ConfigurableApplicationContext gateway = start("127.0.0.1", "")) {
      assertThat(
              TestGateway.operate(
                      gateway,
                      "OPTIONS",
                      "/api/status",
                      "",
                      "Origin",
                      "https://elsewhere.example",
                      "Access-Control-Request-Method",
                      "GET")
                  .statusCode())
          .isLessThan(500);
      assertThat(
              TestGateway.operate(
                      gateway,
                      "POST",
                      "/api/explain",
                      "{\"method\":\"GET\",\"path\":\"/x\",\"headers\":{\"a b\":\"c\"}}")
                  .statusCode())
          .as("a header that can't be one")
          .isEqualTo(400);
    }
  }

  /** It holds no secret, and a browser sends no token for it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/console/main.js", "/console/vendor/uplot/uPlot.esm.js", "/runbook"})
  void pageItselfIsThereForEverybodyAndLoadsNothingFromElsewhere(String path) throws Exception {
    try (ConfigurableApplicationContext gateway = start("0.0.0.0", TOKEN)) {
      HttpResponse<String> page = TestGateway.operate(gateway, "GET", path, "");
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.body()).doesNotContain("http://cdn", "https://cdn");
      assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
          .startsWith("default-src 'none'; script-src 'self'; style-src 'self';")
          .doesNotContain("unsafe");
      assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    }
  }

  @Test
  void spanThatIsNoneIsRefused() throws Exception {
    try (ConfigurableApplicationContext gateway = start("127.0.0.1", "")) {
      for (String wrong : List.of("", "0s", "15", "-1m", "15d", "99999h", "m")) {
        assertThat(TestGateway.operate(gateway, "GET", "/api/history?last=" + wrong, "").body())
            .as(wrong)
            .contains("\"code\":\"bad-value\"", "last=15m");
      }
      assertThat(TestGateway.operate(gateway, "GET", "/api/history?last=6h", "").body())
          .contains("\"stepSeconds\":15");
    }
  }

  @Test
  void beyondLoopbackTheyNeedAToken() {
    assertThatThrownBy(() -> start("0.0.0.0", "").close())
        .rootCause()
        .hasMessageContaining("--operator-token-file");
    assertThatThrownBy(() -> start("0.0.0.0", "short").close())
        .rootCause()
        .hasMessageContaining("at least 16 characters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/status",
        "/api/routes",
        "/api/stream",
        "/api/history",
        "/consoles",
        "/console/../api/status",
        "/console/%2e%2e/api/status",
        "/actuator/prometheus",
        "/actuator/health",
        "/actuator",
        "/none",
        "//api/status",
        "/actuator/health/liveness/../../../api/status",
      })
  void nothingIsToldWithoutTheToken(String path) throws Exception {
    try (ConfigurableApplicationContext gateway = start("0.0.0.0", TOKEN)) {
      assertThat(TestGateway.operate(gateway, "GET", path, "").statusCode()).isEqualTo(401);
      assertThat(
              TestGateway.operate(
                      gateway, "GET", path, "", "Authorization", "Bearer " + TOKEN + "r")
                  .statusCode())
          .isEqualTo(401);
    }
  }

  @Test
  void withItEverythingIs() throws Exception {
    try (ConfigurableApplicationContext gateway = start("0.0.0.0", TOKEN)) {
      assertThat(
              TestGateway.operate(
                      gateway, "GET", "/api/status", "", "Authorization", "Bearer " + TOKEN)
                  .statusCode())
          .isEqualTo(200);
      HttpResponse<String> refused = TestGateway.operate(gateway, "GET", "/api/status", "");
      assertThat(refused.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
      assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
      assertThat(refused.body()).contains("\"code\":\"unauthenticated\"");
      assertThat(TestGateway.operate(gateway, "GET", "/actuator/health/readiness", "").statusCode())
          .as("orchestrators have no token")
          .isEqualTo(200);
      assertThat(
              TestGateway.operate(
                      gateway,
                      "POST",
                      "/api/routes/rollback",
                      "",
                      "Authorization",
                      "Bearer " + TOKEN,
                      "Origin",
                      "https://elsewhere.example")
                  .statusCode())
          .as("a page that has it")
          .isEqualTo(403);
    }
  }
}
