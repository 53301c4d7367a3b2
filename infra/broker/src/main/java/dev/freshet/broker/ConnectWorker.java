package dev.freshet.broker;

import dev.freshet.process.JavaProcess;
import dev.freshet.process.ProcessFailed;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One worker of Kafka Connect on loopback, with Freshet's plugin: a process of its own. Workers of
 * the same brokers are one cluster of Connect.
 */
public final class ConnectWorker implements AutoCloseable {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

  private static final String BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter";
  private static final int FIRST_NON_SUCCESS = 300;

  /** While workers come and go. */
  private static final int CONFLICT = 409;

  private static final Duration TAKEN_WITHIN = Duration.ofSeconds(30);
  private static final Duration ASK_AGAIN = Duration.ofMillis(200);

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port;
  private final JavaProcess process;

  private ConnectWorker(int port, JavaProcess process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Starts it, without waiting for it.
   *
   * @param folder its own; made where there is none
   * @param name of its files, {@code connect-1} and so on
   * @param port where its REST API answers
   * @param brokers {@code HOST:PORT}, separated by commas
   * @param group name of its cluster of workers, and of the topics that they keep
   * @param more properties, such as those of its connections for TLS and SASL
   * @param secrets a folder with files that connectors may name for their secrets
   * @throws ProcessFailed when it can't be started
   */
  public static ConnectWorker launch(
      Path folder,
      String name,
      int port,
      String brokers,
      String group,
      Map<String, String> more,
      Path secrets) {
    try {
      JavaProcess.prepare(folder, name, Kafka.QUIET);
      JavaProcess.requireFree(port, "Kafka Connect", "move all ports with --port-base");
      Path properties = writeProperties(folder, port, brokers, group, more, secrets);
      return new ConnectWorker(
          port,
          JavaProcess.start(
              folder,
              name,
              Kafka.jars(),
              List.of(
                  "-Xmx384m",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-Duser.timezone=UTC"),
              List.of("org.apache.kafka.connect.cli.ConnectDistributed", properties.toString())));
    } catch (IOException e) {
      throw new ProcessFailed(
          "The folder %s of Kafka Connect can't be used (%s).".formatted(folder, e.getMessage()),
          e);
    }
  }

  private static Path writeProperties(
      Path folder, int port, String brokers, String group, Map<String, String> more, Path secrets)
      throws IOException {
    Properties properties = new Properties();
    properties.putAll(
        Map.ofEntries(
            Map.entry("bootstrap.servers", brokers),
            Map.entry("group.id", group),
            Map.entry("listeners", "http://127.0.0.1:" + port),
            Map.entry("rest.advertised.host.name", "127.0.0.1"),
            Map.entry(
                "plugin.path",
                JavaProcess.built("infra/connect/target/plugin").toAbsolutePath().toString()),
            Map.entry("plugin.discovery", "service_load"),
            Map.entry("key.converter", BYTES),
            Map.entry("value.converter", BYTES),
            Map.entry("config.storage.topic", group + ".configs"),
            Map.entry("offset.storage.topic", group + ".offsets"),
            Map.entry("status.storage.topic", group + ".status"),
            Map.entry("config.storage.replication.factor", "-1"),
            Map.entry("offset.storage.replication.factor", "-1"),
            Map.entry("status.storage.replication.factor", "-1"),
            Map.entry("offset.storage.partitions", "1"),
            Map.entry("status.storage.partitions", "1"),
            Map.entry("config.providers", "file"),
            Map.entry(
                "config.providers.file.class",
                "org.apache.kafka.common.config.provider.FileConfigProvider"),
            Map.entry(
                "config.providers.file.param.allowed.paths", secrets.toAbsolutePath().toString()),
            // Tasks of a worker that is gone start on another one at once, and not after 5 minutes.
            Map.entry("scheduled.rebalance.max.delay.ms", "0"),
            // One that does not answer for so long is gone.
            Map.entry("session.timeout.ms", "6000"),
            Map.entry("heartbeat.interval.ms", "2000")));
    more.forEach(
        (name, value) -> {
          properties.setProperty(name, value);
          properties.setProperty("producer." + name, value); // tasks have one each
        });
    Path file = folder.resolve("worker.properties");
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
    return file;
  }

  /** Ends one that a killed parent has left in its folder. */
  public static void endLeftOver(Path folder, String name) throws IOException {
    JavaProcess.endLeftOver(folder, name);
  }

  /**
   * Waits until its API answers, a minute at most.
   *
   * @throws ProcessFailed when it ends, or does not answer
   */
  public void awaitReady() {
    process.awaitReady(() -> JavaProcess.takesConnections(port) && get("/connectors") != null);
  }

  /** The address of its API. */
  public String address() {
    return "http://127.0.0.1:" + port;
  }

  /**
   * Sets up a connector, or changes it; all workers know of it.
   *
   * @param config its configuration, as JSON
   * @throws ProcessFailed when it is refused, or not taken within 30 s
   */
  public void put(String connector, String config) {
    long end = System.nanoTime() + TAKEN_WITHIN.toNanos();
    while (true) {
      HttpResponse<String> answer =
          send(
              HttpRequest.newBuilder(
                      URI.create(address() + "/connectors/%s/config".formatted(connector)))
                  .header("Content-Type", "application/json")
                  .PUT(HttpRequest.BodyPublishers.ofString(config)));
      if (answer != null && answer.statusCode() < FIRST_NON_SUCCESS) {
        return;
      }
      boolean isToRepeat = answer == null || answer.statusCode() == CONFLICT;
      if (!isToRepeat || System.nanoTime() > end) {
        throw new ProcessFailed(
            "Kafka Connect does not take the connector %s: %s"
                .formatted(connector, answer == null ? "no answer" : answer.body()),
            null);
      }
      LockSupport.parkNanos(ASK_AGAIN.toNanos());
    }
  }

  /** Null when there is no answer, or none that says so. */
  private @Nullable String get(String path) {
    HttpResponse<String> answer = send(HttpRequest.newBuilder(URI.create(address() + path)).GET());
    return answer == null || answer.statusCode() >= FIRST_NON_SUCCESS ? null : answer.body();
  }

  private @Nullable HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(
          request.timeout(ANSWER_WITHIN).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProcessFailed("Kafka Connect was not waited for.", e);
    }
  }

  /** Its process. */
  public ProcessHandle process() {
    return process.handle();
  }

  /** Where it logs. */
  public Path log() {
    return process.log();
  }

  /** Kills it, as a power failure would. */
  public void kill() {
    process.kill();
  }

  /** Starts it after it was killed, without waiting for it. */
  public void startAgain() {
    process.startAgain();
  }

  /** Stops it in order. */
  @Override
  public void close() {
    http.close();
    process.close();
  }
}
