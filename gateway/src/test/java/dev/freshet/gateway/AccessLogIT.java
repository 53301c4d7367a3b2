package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.github.tomakehurst.wiremock.WireMockServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.context.ConfigurableApplicationContext;

class AccessLogIT {

  @TempDir Path folder;

  private final Logger logger = (Logger) LoggerFactory.getLogger("freshet.access");
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private WireMockServer backend;

  @BeforeEach
  void start() throws Exception {
    backend = new WireMockServer(options().dynamicPort());
    backend.start();
    backend.stubFor(any(anyUrl()).willReturn(ok("fine")));
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /shop/**, read: { pool: one }, write: { pool: one } } ]
        pools: { one: { instances: [ { id: shop-1, url: "%s" } ] } }
        """
            .formatted(backend.baseUrl()));
    logger.setLevel(Level.INFO);
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
    logger.setLevel(null);
    backend.stop();
  }

  private List<String> logged() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void eachRequestHasALineWithoutItsQueryOrContent() throws Exception {
    try (ConfigurableApplicationContext gateway =
        TestGateway.start(folder, Map.of("data", folder.toString(), "access-log", "true"))) {
      TestGateway.send(gateway, "GET", "/shop/a?token=secret", "", "X-Request-Id", "mine");
      TestGateway.send(gateway, "POST", "/shop/b", "{\"card\":\"4111\"}");
      TestGateway.send(gateway, "GET", "/elsewhere", "");
      // Lines come once the answers have gone.
      await().untilAsserted(() -> assertThat(logged()).hasSize(3));
      assertThat(logged().get(0))
          .matches(
              "GET /shop/a 200 route=all intent=read source=shop-1 reason=any upstream-ms=[0-9.]+ took-ms=[0-9.]+ client=127.0.0.1 request=mine");
      assertThat(logged().get(1))
          .matches(
              "POST /shop/b 200 route=all intent=write source=shop-1 reason=write upstream-ms=[0-9.]+ took-ms=[0-9.]+ client=127.0.0.1 request=[0-9a-z]+");
      assertThat(logged().get(2))
          .matches(
              "GET /elsewhere 404 route=none intent=read source=none took-ms=[0-9.]+ client=127.0.0.1 request=[0-9a-z]+");
      assertThat(logged()).noneMatch(line -> line.contains("secret") || line.contains("4111"));
    }
  }

  @Test
  void nobodyAskedMeansNoLines() throws Exception {
    try (ConfigurableApplicationContext gateway =
        TestGateway.start(folder, Map.of("data", folder.toString()))) {
      TestGateway.send(gateway, "GET", "/shop/a", "");
      assertThat(logged()).isEmpty();
    }
  }
}
