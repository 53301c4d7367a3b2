package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** An instance gets as many requests at a time as it answers without getting slower. */
class AdaptiveLimitIT {

  private static final int CLIENTS = 100;
  private static final Pattern LIMIT = Pattern.compile("\"limit\":(\\d+)");

  @TempDir Path folder;

  private final AtomicInteger delayMillis = new AtomicInteger(10);
  private final AtomicBoolean over = new AtomicBoolean();

  private HttpServer backend(ExecutorService threads) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            boolean isRequest = exchange.getRequestURI().getPath().equals("/x");
            if (isRequest) {
              LockSupport.parkNanos(Duration.ofMillis(delayMillis.get()).toNanos());
            }
            exchange.sendResponseHeaders(isRequest ? 200 : 404, -1);
          }
        });
    server.start();
    return server;
  }

  @Test
  void limitGrowsWhileAnswersAreAsFastAsUsualAndShrinksWhenTheyAreNot() throws Exception {
    try (ExecutorService ofBackend = Executors.newVirtualThreadPerTaskExecutor();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      HttpServer backend = backend(ofBackend);
      Files.writeString(
          folder.resolve("routes.yaml"),
          """
          version: 1
          routes: [ { id: all, path: /**, read: { pool: readers } } ]
          pools:
            readers:
              instances: [ { id: one, url: "http://127.0.0.1:%d", kind: replica, limit: adaptive } ]
          """
              .formatted(backend.getAddress().getPort()));
      try (ConfigurableApplicationContext gateway =
          TestGateway.start(folder, Map.of("data", folder.toString()))) {
        assertThat(limit(gateway)).isEqualTo(20);
        List<Future<Boolean>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          running.add(clients.submit(() -> askUntilOver(gateway)));
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> limit(gateway) >= 40);
        delayMillis.set(200);
        await().atMost(Duration.ofSeconds(60)).until(() -> limit(gateway) <= 20);
        assertThat(TestGateway.operate(gateway, "GET", "/actuator/prometheus", "").body())
            .contains("freshet_backend_limit{backend=\"one\"}");
        over.set(true);
        for (Future<Boolean> client : running) {
          assertThat(client.get()).isTrue();
        }
      } finally {
        over.set(true);
        backend.stop(0);
      }
    }
  }

  private boolean askUntilOver(ConfigurableApplicationContext gateway) throws Exception {
    boolean areAllAnswered = true;
    while (!over.get()) {
      int status = TestGateway.send(gateway, "GET", "/x", "").statusCode();
      areAllAnswered &= status == 200 || status == 503;
    }
    return areAllAnswered;
  }

  private static int limit(ConfigurableApplicationContext gateway) throws Exception {
    Matcher status = LIMIT.matcher(TestGateway.operate(gateway, "GET", "/api/status", "").body());
    assertThat(status.find()).isTrue();
    return Integer.parseInt(status.group(1));
  }
}
