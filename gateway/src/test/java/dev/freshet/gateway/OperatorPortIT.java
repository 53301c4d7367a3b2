package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.PropertyAccessorFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.Lifecycle;
import org.springframework.web.reactive.HandlerMapping;

/** Who may ask on the port for operators, by every endpoint that it has. */
class OperatorPortIT {

  private static final Set<String> PROBES =
      Set.of("GET /actuator/health/liveness", "GET /actuator/health/readiness");

  @TempDir static Path folder;

  private static ConfigurableApplicationContext gateway;

  @BeforeAll
  static void start() throws Exception {
    TestGateway.routeAllTo("http://127.0.0.1:1", folder);
    gateway =
        TestGateway.startWith(
            folder,
            Map.of(
                "freshet.gateway.data",
                folder.toString(),
                "freshet.operator-hosts",
                "ops.internal,prometheus.internal"));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static int port() {
    return gateway.getEnvironment().getRequiredProperty("local.management.port", Integer.class);
  }

  /** The status of an answer; its head is all that is waited for, as events never end. */
  private static int ask(String request, String... headers) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(10_000);
      StringBuilder text = new StringBuilder(request).append(" HTTP/1.1\r\n");
      for (String header : headers) {
        text.append(header).append("\r\n");
      }
      text.append("Content-Length: 0\r\nConnection: close\r\n\r\n");
      socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.US_ASCII));
      String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
    }
  }

  /** Every endpoint of the port, as a request to it. */
  private static Set<String> endpoints() {
    Set<String> found = new TreeSet<>();
    operatorContext()
        .getBeansOfType(HandlerMapping.class)
        .values()
        .forEach(mapping -> found.addAll(Endpoints.of(mapping)));
    return found;
  }

  /** The context of the port has no name that it could be asked for by. */
  private static ApplicationContext operatorContext() {
    return gateway.getBeansOfType(Lifecycle.class).values().stream()
        .filter(bean -> bean.getClass().getSimpleName().equals("ChildManagementContextInitializer"))
        .map(
            bean ->
                PropertyAccessorFactory.forDirectFieldAccess(bean)
                    .getPropertyValue("managementContext"))
        .map(ApplicationContext.class::cast)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyEndpointAsksForHostAndOriginButTheProbes() throws Exception {
    Set<String> endpoints = endpoints();
    endpoints.addAll(PROBES); // Spring has one mapping for them and whatever else health is of
    assertThat(endpoints)
        .contains(
            "GET /",
            "GET /runbook",
            "GET /console/x",
            "GET /api/status",
            "GET /api/stream",
            "GET /api/audit",
            "POST /api/routes/validate",
            "POST /api/instances/1/drain",
            "POST /api/syncs/1/sync/pause",
            "GET /actuator/health/1",
            "GET /actuator/prometheus");
    Set<String> answered = new TreeSet<>();
    for (String endpoint : endpoints) {
      if (ask(endpoint, "Host: evil.test:" + port()) != 421) {
        answered.add(endpoint);
      }
      int toPage = ask(endpoint, "Host: localhost", "Origin: http://evil.test");
      assertThat(toPage).as(endpoint).isEqualTo(PROBES.contains(endpoint) ? 200 : 403);
    }
    assertThat(answered).isEqualTo(PROBES);
    List<String> neverThere = List.of("GET /none", "OPTIONS /api/status", "HEAD /", "TRACE /");
    for (String other : neverThere) {
      assertThat(ask(other, "Host: evil.test")).as(other).isEqualTo(421);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /api/status|Host: babe.de:8081|421",
        "GET /api/status|Host: 127.0.0.1|200",
        "GET /api/status|Host: LOCALHOST.:8081|200",
        "GET /api/status|Host: [::1]:8081|200",
        "GET /api/status|Host: ops.internal:8081|200",
        "GET /api/status|Host: 2130706433|421",
        "GET http://evil.test/api/status|Host: 127.0.0.1|421",
        "GET http://127.0.0.1/api/status|Host: 127.0.0.1|200",
        "GET /api/status|Host: 127.0.0.1~Host: evil.test|400",
        "GET /api/status|X-Host: 127.0.0.1|400",
        "GET /api/status|Host: localhost:8081~Origin: http://localhost:3000|403",
        "GET /api/status|Host: localhost:8081~Origin: null|403",
        "GET /api/status|Host: localhost:8081~Origin: http://localhost:8081|200",
        "POST /api/instances/backend/drain|Host: babe.de:8081~Origin: http://babe.de:8081|421",
        "POST /api/instances/backend/ready|Host: localhost:1~Origin: http://localhost:1|200",
        "GET /actuator/health/liveness|Host: evil.test|200",
        "HEAD /actuator/health/readiness|Host: evil.test|200",
        "GET /actuator/health|Host: evil.test|421",
        "GET /actuator/health/liveness/../../prometheus|Host: evil.test|421",
        "GET /%61pi/status|Host: evil.test|421",
      })
  void hostAndOriginAreReadAsTheyAre(String request, String headers, int status) throws Exception {
    assertThat(ask(request, headers.split("~", -1))).isEqualTo(status);
  }

  /** What only operators may know is not told to a page that had its name lead here. */
  @Test
  void refusalIsAProblemThatNamesTheOption() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "GET /api/routes HTTP/1.1\r\nHost: sync.internal:8081\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 421 ")
          .contains("application/problem+json", "\"code\":\"misdirected\"", "no-store")
          .contains("--operator-host=sync.internal")
          .doesNotContain("routes:");
    }
  }

  /** Console and scrapers keep their connections, and ask again as soon as they are answered. */
  @Test
  void connectionIsReadFromAfterAnAnswerGivenOnTheSpot() throws Exception {
    String refused = "GET /api/audit HTTP/1.1\r\nHost: evil.test\r\n\r\n";
    String later = "GET /actuator/prometheus HTTP/1.1\r\nHost: localhost\r\n\r\n";
    try (RawHttp1 client = new RawHttp1(port())) {
      for (int round = 0; round < 20; round++) {
        client.send(later + refused);
        assertThat(client.answer(false).status()).isEqualTo(200);
        assertThat(client.answer(false).status()).isEqualTo(421);
      }
    }
  }

  @Test
  void whatCantBeReadIsAProblemHereToo() throws Exception {
    try (RawHttp1 client = new RawHttp1(port())) {
      RawHttp1.Answer answer = client.ask("GET /api/audit NONSENSE\r\n\r\n");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.content()).contains("\"code\":\"bad-request\"");
    }
    for (int round = 0; round < 20; round++) {
      try (RawHttp1 client = new RawHttp1(port())) {
        client.send(
            "GET /actuator/prometheus HTTP/1.1\r\nHost: localhost\r\n\r\nGET / NONSENSE\r\n\r\n");
        assertThat(client.answer(false).status()).as("of the first").isEqualTo(200);
        assertThat(client.answer(false).status()).isEqualTo(400);
        assertThat(client.isAtItsEnd()).isTrue();
      }
    }
  }

  /** Each check has to be passed by itself. */
  @Test
  void tokenIsNoSubstituteForTheHost() throws Exception {
    Files.createDirectories(folder.resolve("token"));
    TestGateway.routeAllTo("http://127.0.0.1:1", folder.resolve("token"));
    String token = "correct horse battery staple";
    List<Integer> statuses = new ArrayList<>();
    try (ConfigurableApplicationContext guarded =
        TestGateway.startWith(
            folder.resolve("token"),
            Map.of("freshet.gateway.data", folder.toString(), "freshet.operator-token", token))) {
      int port =
          guarded.getEnvironment().getRequiredProperty("local.management.port", Integer.class);
      for (String host : List.of("evil.test", "localhost")) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
          socket.setSoTimeout(10_000);
          socket
              .getOutputStream()
              .write(
                  "GET /api/audit HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n"
                      .formatted(host, token)
                      .getBytes(StandardCharsets.US_ASCII));
          statuses.add(
              Integer.parseInt(
                  new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII)
                      .substring(9)));
        }
      }
    }
    assertThat(statuses).containsExactly(421, 200);
  }
}
