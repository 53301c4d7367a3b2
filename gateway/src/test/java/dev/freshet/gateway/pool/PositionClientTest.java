package dev.freshet.gateway.pool;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.netty.http.client.HttpClient;
import tools.jackson.databind.json.JsonMapper;

class PositionClientTest {

  private static final String REPORT =
      "{\"position\":\"1:0/500\",\"kind\":\"primary\",\"lagSeconds\":0,\"ready\":true}";

  private final PositionClient client =
      new PositionClient(HttpClient.create(), JsonMapper.shared());
  private final CompletableFuture<Void> cutOff = new CompletableFuture<>();
  private HttpServer backend;
  private volatile int status = 200;
  private volatile String body = REPORT;
  private volatile boolean neverEnds;

  @BeforeEach
  void start() throws Exception {
    backend = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    backend.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    backend.createContext("/.freshet/position", this::answer);
    backend.start();
  }

  @AfterEach
  void stop() {
    backend.stop(0);
  }

  private void answer(HttpExchange exchange) {
    try (exchange) {
      exchange.sendResponseHeaders(status, neverEnds ? 0 : body.length());
      do {
        exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
      } while (neverEnds);
    } catch (IOException e) {
      cutOff.complete(null);
    }
  }

  private PositionClient.Answer ask() {
    Instance instance = TestPools.at("read-1", backend.getAddress().getPort());
    return client.ask(instance).blockOptional(Duration.ofSeconds(10)).orElseThrow();
  }

  @Test
  void reportIsRead() {
    assertThat(ask())
        .isInstanceOfSatisfying(
            PositionClient.Answer.Reported.class,
            told -> assertThat(told.report().position()).isEqualTo("1:0/500"));
  }

  @Test
  void whatIsNoReportTellsNoPosition() {
    body = "<html>";
    assertThat(ask()).isInstanceOf(PositionClient.Answer.Silent.class);
    body = "";
    assertThat(ask()).isInstanceOf(PositionClient.Answer.Silent.class);
    status = 404;
    assertThat(ask()).isInstanceOf(PositionClient.Answer.Silent.class);
    status = 500;
    assertThat(ask()).isEqualTo(new PositionClient.Answer.Failing(500, false));
  }

  @Test
  void answerThatNeverEndsIsCutOff() {
    body = "a page ".repeat(1_000);
    neverEnds = true;
    assertThat(ask()).isInstanceOf(PositionClient.Answer.Silent.class);
    assertThat(cutOff).succeedsWithin(Duration.ofSeconds(10));
  }
}
