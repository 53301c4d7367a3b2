package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.http.HttpCalls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole system, with Kafka Connect as the publisher's host. */
class ConnectUpIT {

  private static final int PORTS = 29_000;
  private static final String CONNECT = "http://127.0.0.1:" + (PORTS + 3);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir static Path folder;

  private static UpProcess up;

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));

  @BeforeAll
  static void start() {
    up = UpProcess.start(folder.resolve("data"), PORTS, "--connect", "--replicas", "0");
    up.awaitReady();
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  private JsonNode status() throws Exception {
    return JsonMapper.shared()
        .readTree(calls.send("GET", up.operators() + "/api/status", "").body());
  }

  private static void requireArrives(String price) throws SQLException {
    try (Connection primary = up.primary();
        Statement statement = primary.createStatement()) {
      statement.execute("update menu_item set price = %s where sku = 'quattro'".formatted(price));
    }
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try (Connection reads = up.readDatabase(1);
                  Statement statement = reads.createStatement();
                  ResultSet row =
                      statement.executeQuery("select price from read.menu where sku = 'quattro'")) {
                return row.next() && row.getString(1).equals(price);
              }
            });
  }

  @Test
  void theOtherWorkerPublishesOnceOneIsGone() throws Exception {
    requireArrives("11.25");
    assertThat(up.output())
        .contains("Kafka Connect  http://127.0.0.1:" + (PORTS + 3))
        .contains("Kafka Connect  http://127.0.0.1:" + (PORTS + 4));
    awaitStates("streaming", "standby");
    assertThat(
            calls
                .send(
                    "GET", "http://127.0.0.1:%d/connectors/freshet/config".formatted(PORTS + 3), "")
                .body())
        .contains("\"primary\":\"${file:")
        .doesNotContain("postgresql://");

    ProcessHandle leading = leadingWorker();
    leading.destroyForcibly();
    requireArrives("11.50");
    await().atMost(PATIENCE).until(() -> status().path("verdict").path("ok").asBoolean());
    awaitStates("streaming", "standby");
    assertThat(up.output())
        .contains("A worker of Kafka Connect (process %d) ended".formatted(leading.pid()));
    assertThat(
            CommandLine.run(Map.of(), "log", "verify", "--broker", "127.0.0.1:" + (PORTS + 300))
                .output())
        .contains("All is as it should be.");
  }

  private void awaitStates(String... states) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(status().path("publish").findValuesAsString("state"))
                    .containsExactlyInAnyOrder(states));
  }

  /** The worker of the task that publishes; the gateway tells of them in their order. */
  private ProcessHandle leadingWorker() throws Exception {
    int task = status().path("publish").findValuesAsString("state").indexOf("streaming");
    String worker =
        JsonMapper.shared()
            .readTree(calls.send("GET", CONNECT + "/connectors/freshet/status", "").body())
            .path("tasks")
            .path(task)
            .path("worker_id")
            .asString("");
    int number = worker.endsWith(":" + (PORTS + 3)) ? 1 : 2;
    Path pid = folder.resolve("data/connect-%1$d/connect-%1$d.pid".formatted(number));
    return ProcessHandle.of(Long.parseLong(Files.readString(pid))).orElseThrow();
  }
}
