package dev.freshet.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.broker.BrokerNode;
import dev.freshet.broker.ConnectWorker;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.sync.log.Ledger;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two workers of Kafka Connect, of which now one and now the other is killed. */
class ConnectIT {

  private static final int KILLS = Boolean.getBoolean("freshet.long") ? 25 : 2;
  private static final int PORT = 24_790;
  private static final List<Integer> TASKS = List.of(PORT + 20, PORT + 21);
  private static final long WITHIN_SECONDS = 90;

  @TempDir static Path folder;

  private static Cluster cluster;
  private static BrokerNode broker;
  private static List<ConnectWorker> workers;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void start() throws Exception {
    cluster = Cluster.start(new ClusterOptions(folder.resolve("data"), 0, 0, PORT - 50, false));
    broker = BrokerNode.start(folder.resolve("broker"), PORT);
    Path secrets =
        Files.writeString(
            Files.createDirectories(folder.resolve("secrets")).resolve("freshet.properties"),
            "primary=postgresql://postgres:%s@127.0.0.1:%d/freshet\n"
                .formatted(cluster.primary().url().password(), cluster.primary().port()));
    workers = List.of(worker(1), worker(2));
    workers.forEach(ConnectWorker::awaitReady);
    workers
        .getFirst()
        .put(
            "shop",
            JsonMapper.shared()
                .writeValueAsString(
                    Map.of(
                        "connector.class",
                        "dev.freshet.connect.FreshetConnector",
                        "tasks.max",
                        "2",
                        "primary",
                        "${file:%s:primary}".formatted(secrets),
                        "log",
                        "kafka://%s/%s".formatted(broker.bootstrap(), Ledger.LOG),
                        "topics",
                        "public.ledger,public.item",
                        "port",
                        Integer.toString(TASKS.getFirst()))));
  }

  private static ConnectWorker worker(int number) {
    return ConnectWorker.launch(
        folder.resolve("connect-" + number),
        "connect-" + number,
        PORT + 10 + number,
        broker.bootstrap(),
        "freshet.connect",
        Map.of(),
        folder.resolve("secrets"));
  }

  @AfterAll
  static void stop() {
    workers.forEach(ConnectWorker::close);
    broker.close();
    cluster.close();
  }

  @Test
  void nothingIsLostTornOrDoubledWhicheverWorkerIsKilled() throws Exception {
    Ledger ledger = new Ledger(cluster.primary());
    awaitStandby();
    int written =
        ledger.writeWhile(
            random -> {
              for (int kill = 0; kill < KILLS; kill++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(3_000)));
                ConnectWorker killed = leading();
                killed.kill();
                awaitPublishing();
                killed.startAgain();
                killed.awaitReady();
                awaitStandby();
                if (kill == 0) {
                  pauseAndResume(killed);
                }
              }
            });
    Ledger.requireAll(written, broker.bootstrap());
    Ledger.requireAllInTopics(written, broker.bootstrap());
  }

  private void pauseAndResume(ConnectWorker worker) throws Exception {
    put(worker, "pause");
    await("Nobody publishes", states -> states.equals(List.of("unreachable", "unreachable")));
    put(worker, "resume");
    awaitPublishing();
    awaitStandby();
  }

  /** The worker of the task that publishes. */
  private ConnectWorker leading() throws Exception {
    JsonNode tasks =
        JsonMapper.shared()
            .readTree(get(workers.getFirst().address() + "/connectors/shop/status"))
            .path("tasks");
    int task = TASKS.stream().map(this::state).toList().indexOf("streaming");
    String worker = tasks.path(task).path("worker_id").asString("");
    return workers.stream()
        .filter(each -> each.address().endsWith(worker))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No worker %s: %s".formatted(worker, tasks)));
  }

  private void put(ConnectWorker worker, String what) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(worker.address() + "/connectors/shop/" + what))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    assertThat(http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode())
        .isEqualTo(202);
  }

  private void awaitPublishing() throws Exception {
    await("One task publishes", states -> states.contains("streaming"));
  }

  private void awaitStandby() throws Exception {
    await(
        "One task publishes, and one stands by",
        states -> states.contains("streaming") && states.contains("standby"));
  }

  private void await(String what, Predicate<List<String>> isSo) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WITHIN_SECONDS);
    while (!isSo.test(TASKS.stream().map(this::state).toList())) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            what + " is not so. " + Files.readString(folder.resolve("connect-1/connect-1.log")));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private String state(int port) {
    try {
      return JsonMapper.shared()
          .readTree(get("http://127.0.0.1:%d/api/publisher".formatted(port)))
          .path("state")
          .asString("");
    } catch (IOException e) {
      return "unreachable";
    }
  }

  private String get(String url) throws IOException {
    try {
      return http.send(
              HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
