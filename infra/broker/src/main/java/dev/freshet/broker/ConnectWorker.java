package dev.freshet.broker;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * One worker of Kafka Connect on loopback, with Freshet's plugin: a process of its own. Workers of
 * the same brokers are one cluster of Connect.
 */
public final class ConnectWorker implements AutoCloseable {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

  /** The least status of an answer that is none of success. */
  private static final int NO_SUCCESS = 300;

  private final int port;
  private final KafkaProcess process;

  private ConnectWorker(int port, KafkaProcess process) {
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
   * @param client more properties of its connections: of TLS and SASL
   * @param secrets a folder with files that connectors may name for their secrets
   * @throws BrokerFailed when it can't be started
   */
  public static ConnectWorker launch(
      Path folder,
      String name,
      int port,
      String brokers,
      Map<String, String> client,
      Path secrets) {
    try {
      KafkaProcess.prepare(folder, name);
      KafkaProcess.requireFree(port, "Kafka Connect", "move all ports with --port-base");
      Path properties = writeProperties(folder, port, brokers, client, secrets);
      return new ConnectWorker(
          port,
          KafkaProcess.start(
              folder,
              name,
              List.of(
                  "-Xmx384m",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-Duser.timezone=UTC"),
              List.of("org.apache.kafka.connect.cli.ConnectDistributed", properties.toString())));
    } catch (IOException e) {
      throw new BrokerFailed(
          "The folder %s of Kafka Connect can't be used (%s).".formatted(folder, e.getMessage()),
          e);
    }
  }

  private static Path writeProperties(
      Path folder, int port, String brokers, Map<String, String> client, Path secrets)
      throws IOException {
    StringJoiner more = new StringJoiner("\n");
    client.forEach((key, value) -> more.add(key + "=" + value.replace("\\", "\\\\")));
    return Files.writeString(
        folder.resolve("worker.properties"),
        """
        %s
        bootstrap.servers=%s
        group.id=freshet-connect
        listeners=http://127.0.0.1:%d
        rest.advertised.host.name=127.0.0.1
        plugin.path=%s
        plugin.discovery=service_load
        key.converter=org.apache.kafka.connect.converters.ByteArrayConverter
        value.converter=org.apache.kafka.connect.converters.ByteArrayConverter
        config.storage.topic=freshet.connect.configs
        offset.storage.topic=freshet.connect.offsets
        status.storage.topic=freshet.connect.status
        config.storage.replication.factor=-1
        offset.storage.replication.factor=-1
        status.storage.replication.factor=-1
        offset.storage.partitions=1
        status.storage.partitions=1
        config.providers=file
        config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
        config.providers.file.param.allowed.paths=%s
        # Tasks of a worker that is gone start on another one at once, and not after five minutes.
        scheduled.rebalance.max.delay.ms=0
        # One that does not answer for so long is gone.
        session.timeout.ms=6000
        heartbeat.interval.ms=2000
        """
            .formatted(
                more,
                brokers,
                port,
                KafkaProcess.built("infra/connect/target/plugin").toAbsolutePath(),
                secrets.toAbsolutePath()));
  }

  /** Waits until its API answers. */
  public void awaitReady() {
    process.awaitReady(() -> KafkaProcess.takesConnections(port) && get("/connectors") != null);
  }

  /** The address of its API. */
  public String address() {
    return "http://127.0.0.1:" + port;
  }

  /**
   * Sets up a connector, or changes it; all workers know of it.
   *
   * @param config its configuration, as JSON
   * @throws BrokerFailed when it is refused
   */
  public void put(String connector, String config) {
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(
                    URI.create(address() + "/connectors/%s/config".formatted(connector)))
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(config)));
    if (answer == null || answer.statusCode() >= NO_SUCCESS) {
      throw new BrokerFailed(
          "Kafka Connect does not take the connector %s: %s"
              .formatted(connector, answer == null ? "no answer" : answer.body()),
          null);
    }
  }

  /** Null when there is no answer, or none that says so. */
  private @Nullable String get(String path) {
    HttpResponse<String> answer = send(HttpRequest.newBuilder(URI.create(address() + path)).GET());
    return answer == null || answer.statusCode() >= NO_SUCCESS ? null : answer.body();
  }

  private static @Nullable HttpResponse<String> send(HttpRequest.Builder request) {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          request.timeout(ANSWER_WITHIN).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BrokerFailed("Kafka Connect was not waited for.", e);
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
    process.close();
  }
}
