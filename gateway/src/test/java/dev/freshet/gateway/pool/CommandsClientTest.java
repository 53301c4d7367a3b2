package dev.freshet.gateway.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.freshet.protocol.FreshetHeaders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Exceptions;
import reactor.netty.http.client.HttpClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CommandsClientTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final CommandsClient client =
      new CommandsClient(HttpClient.create(), JsonMapper.shared(), FreshetHeaders.COMMANDS_PATH);
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch over = new CountDownLatch(1);
  private HttpServer backend;
  private Instance instance;
  private volatile int status = 200;
  private volatile String body = "";

  @BeforeEach
  void start() throws Exception {
    backend = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    backend.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    backend.createContext("/.freshet/commands", this::answer);
    backend.start();
    instance = TestPools.at("write-1", backend.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    over.countDown();
    backend.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    asked.incrementAndGet();
    try (exchange) {
      if (status == 0) {
        over.await();
        return;
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private List<JsonNode> ask() {
    return client.ask(instance).blockOptional(PATIENCE).orElseThrow();
  }

  @Test
  void commandsAreToldWithTheNameOfWhoHadThem() {
    body = "[{\"command\":\"place-order\"},7]";
    assertThat(ask())
        .singleElement()
        .satisfies(
            command -> {
              assertThat(command.path("command").asString()).isEqualTo("place-order");
              assertThat(command.path("instance").asString()).isEqualTo("write-1");
            });
  }

  @Test
  void oneThatKnowsOfNoneIsSeldomAsked() {
    status = 404;
    assertThat(ask()).isEmpty();
    assertThat(ask()).isEmpty();
    assertThat(asked.get()).isEqualTo(1);
  }

  @Test
  void oneThatFailsHasNotToldThatThereAreNone() {
    status = 503;
    assertThatThrownBy(this::ask).hasMessageContaining("503");
    status = 200;
    body = "[{}]";
    assertThat(ask()).hasSize(1);
  }

  @Test
  void oneThatDoesNotAnswerInTimeHasNotToldThatThereAreNone() {
    status = 0;
    assertThatThrownBy(this::ask)
        .satisfies(
            failure -> assertThat(Exceptions.unwrap(failure)).isInstanceOf(TimeoutException.class));
  }
}
