package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.Restaurant;
import dev.freshet.bench.UpProcess;
import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two gateways behind HAProxy, as the guide has them, and two read-backends: each is restarted
 * while clients go on.
 */
class RollingRestartIT {

  private static final int BASE = 25_000;
  private static final int BALANCER = 25_800;
  private static final int CLIENTS = 25;

  /** The writer, two readers of the read database, and one of the primary. */
  private static final int INSTANCES = 4;

  private static final Pattern READY = Pattern.compile("\"state\":\"(ready|slow-start)\"");

  private static final boolean IS_LONG = Boolean.getBoolean("freshet.long");

  /**
   * From one order of a client to its next, three requests each: 200 a second in the long form, and
   * 60 otherwise, which leaves two cores some time for JVMs that start beside those that answer.
   */
  private static final Duration PACE = Duration.ofMillis(IS_LONG ? 375 : 1_250);

  private static final int WARM_UP_ORDERS = IS_LONG ? 4_000 : 100;
  private static final int ORDERS_BETWEEN = IS_LONG ? 400 : 50;

  @TempDir Path folder;

  @Test
  void nothingIsLostWhileGatewaysAndReadersAreRestartedOneAfterTheOther() throws Exception {
    assumeThat(isInstalled())
        .as("SKIPPED: haproxy is not installed; apt-get install haproxy")
        .isTrue();
    try (UpProcess up = UpProcess.start(folder.resolve("data"), BASE, "--replicas", "0")) {
      up.awaitReady();
      Map<String, String> environment =
          Map.of("PGPASSFILE", folder.resolve("data/pgpass").toString());
      configure();
      try (PartProcess readA = reader("read-a", 1, environment);
          PartProcess readB = reader("read-b", 2, environment);
          PartProcess one = gateway(BALANCER + 80);
          PartProcess two = gateway(BALANCER + 82);
          Balancer balancer = Balancer.start(folder)) {
        for (PartProcess part : List.of(readA, readB, one, two)) {
          part.awaitReady();
        }
        balancer.awaitUp();
        awaitInstances();
        Load load = Load.start(balancer.address(), CLIENTS, Integer.MAX_VALUE, PACE);
        awaitOrders(load, WARM_UP_ORDERS);
        for (List<PartProcess> together : List.of(List.of(one, readA), List.of(two, readB))) {
          for (PartProcess part : together) {
            part.stop();
          }
          for (PartProcess part : together) {
            part.start();
          }
          for (PartProcess part : together) {
            part.awaitReady();
          }
          balancer.awaitUp();
          awaitOrders(load, load.acknowledged.size() + ORDERS_BETWEEN);
        }
        load.stop();
        assertThat(load.failures).isEmpty();
        assertThat(load.broken).hasValue(0);
        assertThat(ordersOf(up)).isEqualTo(load.acknowledged.size());
        assertThat(load.sources)
            .anyMatch(source -> source.startsWith("read-a"))
            .anyMatch(source -> source.startsWith("read-b"));
      }
    }
  }

  private void configure() throws IOException {
    Files.writeString(folder.resolve("keys"), "one:" + "A".repeat(43) + "=\n");
    Files.writeString(
        folder.resolve("routes.yaml"),
        Files.readString(ProjectHome.path().resolve("infra/restaurant/routes.yaml"))
            + """
            pools:
              writers: { instances: [ { id: write-1, url: "http://127.0.0.1:%d" } ] }
              readers:
                instances:
                  - { id: read-a, url: "http://127.0.0.1:%d", kind: read-database }
                  - { id: read-b, url: "http://127.0.0.1:%d", kind: read-database }
                  - { id: primary-reads, url: "http://127.0.0.1:%d", kind: primary }
            """
                .formatted(BASE + 10, BALANCER + 1, BALANCER + 2, BASE + 121));
  }

  private PartProcess reader(String id, int number, Map<String, String> environment)
      throws IOException {
    int port = BALANCER + number;
    return PartProcess.start(
        folder,
        environment,
        port,
        "read",
        "--source=postgresql://postgres@127.0.0.1:%d/freshet".formatted(BASE + 250 + 20),
        "--kind=read-database",
        "--id=" + id,
        "--port=" + port,
        "--drain-delay=2s");
  }

  private PartProcess gateway(int port) throws IOException {
    return PartProcess.start(
        folder,
        Map.of(),
        port + 1,
        "gateway",
        "--config=" + folder,
        "--session-keys=" + folder.resolve("keys"),
        "--data=" + folder,
        "--port=" + port,
        "--operator-port=" + (port + 1),
        "--trusted-proxies=127.0.0.1/32",
        "--drain-delay=2s");
  }

  private static int ordersOf(UpProcess up) throws Exception {
    try (var connection = up.primary();
        ResultSet orders =
            connection
                .createStatement()
                .executeQuery("select count(*) from orders where customer like 'client-%'")) {
      orders.next();
      return orders.getInt(1);
    }
  }

  /** JVMs that start take time from those that answer: the load begins when all are ready. */
  private static void awaitInstances() {
    for (int gateway : List.of(BALANCER + 81, BALANCER + 83)) {
      Restaurant operators = new Restaurant("http://127.0.0.1:" + gateway);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  READY.matcher(operators.get("/api/status").body()).results().count()
                      == INSTANCES);
    }
  }

  private static void awaitOrders(Load load, int orders) {
    await()
        .atMost(Duration.ofMinutes(2))
        .failFast(() -> assertThat(load.failures).isEmpty())
        .until(() -> load.acknowledged.size() >= orders);
  }

  private static boolean isInstalled() throws InterruptedException {
    try {
      return new ProcessBuilder("haproxy", "-v").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** HAProxy with the guide's configuration, on ports of the test's own. */
  private record Balancer(Process process, Restaurant statistics) implements AutoCloseable {

    private static final Pattern UP = Pattern.compile("(?m)^gateways,gateway-\\d,.*,UP,");

    static Balancer start(Path folder) throws IOException {
      Path file = folder.resolve("haproxy.cfg");
      Files.writeString(
          file,
          Files.readString(ProjectHome.path().resolve("infra/haproxy/haproxy.cfg"))
              .replace("127.0.0.1:8000", "127.0.0.1:" + BALANCER)
              .replace("127.0.0.1:8404", "127.0.0.1:" + (BALANCER + 4))
              .replaceAll(
                  "127\\.0\\.0\\.1:808(\\d) port 808(\\d)", "127.0.0.1:2588$1 port 2588$2"));
      Process process =
          new ProcessBuilder("haproxy", "-db", "-f", file.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("haproxy.out").toFile())
              .start();
      return new Balancer(process, new Restaurant("http://127.0.0.1:" + (BALANCER + 4)));
    }

    String address() {
      return "http://127.0.0.1:" + BALANCER;
    }

    /** Waits until it gives both gateways requests. */
    void awaitUp() {
      await()
          .atMost(Duration.ofSeconds(20))
          .failFast(() -> assertThat(process.isAlive()).as("HAProxy runs").isTrue())
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> UP.matcher(statistics.get("/;csv").body()).results().count() == 2);
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }
  }
}
