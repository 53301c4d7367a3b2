package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;

/** Answers without positions: of backends that have none to tell, and of those that should. */
class ForgottenPositionsIT {

  @TempDir Path folder;

  private ScriptedBackend backend;
  private @Nullable ConfigurableApplicationContext gateway;

  @BeforeEach
  void start() throws Exception {
    backend = new ScriptedBackend();
  }

  private void startGateway(String kind, String otherwise) throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: all, path: /**, read: { pool: one, otherwise: %s }, write: { pool: one } }
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:%d", kind: %s } ] } }
        """
            .formatted(otherwise, backend.port(), kind));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() throws Exception {
    Objects.requireNonNull(gateway).close();
    backend.close();
  }

  private HttpResponse<String> send(String method, String path, String... headers)
      throws Exception {
    return TestGateway.send(Objects.requireNonNull(gateway), method, path, "", headers);
  }

  @Test
  void positionThatCameOnceIsNotExpectedOfWritesEverAfter() throws Exception {
    backend.answer(
        "/once", "HTTP/1.1 200 OK\r\nFreshet-Position: 1:0/1\r\nContent-Length: 2\r\n\r\nok");
    startGateway("primary", "primary");
    assertThat(send("POST", "/before")).returns(200, HttpResponse::statusCode);
    assertThat(send("GET", "/once")).returns(200, HttpResponse::statusCode);
    assertThat(send("POST", "/after"))
        .returns(200, HttpResponse::statusCode)
        .returns("POST /after", HttpResponse::body);
    assertThat(send("GET", "/after")).returns(200, HttpResponse::statusCode);
  }

  @Test
  void writeWithoutAPositionStandsWhereItsBackendSaysThatItIs() throws Exception {
    backend.tells("1:0/500");
    startGateway("primary", "primary");
    assertThat(send("POST", "/x"))
        .returns(200, HttpResponse::statusCode)
        .matches(answer -> answer.headers().firstValue("Freshet-Session").isPresent());
  }

  @ParameterizedTest
  @CsvSource({
    "404 Not Found",
    "405 Method Not Allowed",
    "400 Bad Request",
    "410 Gone",
    "500 Internal Server Error",
    "501 Not Implemented",
    "503 Service Unavailable",
    "502 Bad Gateway",
    "301 Moved Permanently",
    "303 See Other",
    "307 Temporary Redirect"
  })
  void answerThatIsNotOfTheDataComesThroughWithoutAPosition(String status) throws Exception {
    backend
        .answer(
            "/written", "HTTP/1.1 200 OK\r\nFreshet-Position: 1:0/500\r\nContent-Length: 0\r\n\r\n")
        .answer(
            "/odd",
            "HTTP/1.1 " + status + "\r\nLocation: /elsewhere\r\nContent-Length: 4\r\n\r\nmine")
        .tells("1:0/500");
    startGateway("primary", "primary");
    String token = send("POST", "/written").headers().firstValue("Freshet-Session").orElseThrow();
    int expected = Integer.parseInt(status.substring(0, 3));
    for (String method : new String[] {"GET", "QUERY"}) {
      assertThat(send(method, "/odd", "Freshet-Session", token))
          .returns(expected, HttpResponse::statusCode)
          .returns("mine", HttpResponse::body);
      assertThat(send(method, "/odd"))
          .returns(expected, HttpResponse::statusCode)
          .returns("mine", HttpResponse::body);
    }
  }

  @ParameterizedTest
  @CsvSource({"200 OK", "206 Partial Content", "304 Not Modified"})
  void answerOfTheDataNeedsItsPosition(String status) throws Exception {
    backend.answer("/odd", "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n").tells("1:0/500");
    startGateway("primary", "primary");
    assertThat(send("GET", "/odd"))
        .returns(503, HttpResponse::statusCode)
        .matches(answer -> answer.body().contains("not-caught-up"))
        .matches(answer -> answer.body().contains("sent no Freshet-Position"));
  }

  @ParameterizedTest
  @CsvSource({"200 OK", "404 Not Found", "304 Not Modified"})
  void answerFromBeforeWhatWasAskedForIsNone(String status) throws Exception {
    backend
        .answer(
            "/written", "HTTP/1.1 200 OK\r\nFreshet-Position: 1:0/500\r\nContent-Length: 0\r\n\r\n")
        .answer(
            "/odd",
            "HTTP/1.1 " + status + "\r\nFreshet-Position: 1:0/4FF\r\nContent-Length: 0\r\n\r\n")
        .tells("1:0/500");
    startGateway("primary", "primary");
    String token = send("POST", "/written").headers().firstValue("Freshet-Session").orElseThrow();
    assertThat(send("GET", "/odd", "Freshet-Session", token))
        .returns(503, HttpResponse::statusCode)
        .matches(answer -> answer.body().contains("answered from 1:0/4FF"));
    assertThat(send("GET", "/odd").statusCode())
        .isEqualTo(Integer.parseInt(status.substring(0, 3)));
  }
}
