package dev.freshet.broker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/**
 * One Kafka node, broker and controller in one, on loopback: a process of its own, as Kafka ends
 * its JVM where something is wrong. Its folder is formatted at the first start, and resumed later.
 */
public final class BrokerNode implements AutoCloseable {

  private static final String NAME = "broker";

  private final int port;
  private final KafkaProcess process;

  private BrokerNode(int port, KafkaProcess process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Starts it, and returns once it takes connections.
   *
   * @param folder its own; made where there is none
   * @param port where clients connect; the next one is the controller's
   * @throws BrokerFailed when it can't be started
   */
  public static BrokerNode start(Path folder, int port) {
    try {
      KafkaProcess.prepare(folder, NAME);
      requireFree(port);
      requireFree(port + 1);
      Path properties = writeProperties(folder, port);
      if (!Files.exists(folder.resolve("data/meta.properties"))) {
        format(folder, properties);
      }
      BrokerNode node =
          new BrokerNode(
              port,
              KafkaProcess.start(
                  folder,
                  NAME,
                  List.of("-Xmx256m"),
                  List.of("kafka.Kafka", properties.toString())));
      node.awaitReady();
      return node;
    } catch (IOException e) {
      throw new BrokerFailed(
          "The broker's folder %s can't be used (%s).".formatted(folder, e.getMessage()), e);
    }
  }

  /** Where clients connect. */
  public String bootstrap() {
    return "127.0.0.1:" + port;
  }

  /** Its process. */
  public ProcessHandle process() {
    return process.handle();
  }

  /** Kills it, as a power failure would. */
  public void kill() {
    process.kill();
  }

  /** Starts it after it was killed, and returns once it takes connections. */
  public void startAgain() {
    process.startAgain();
    awaitReady();
  }

  private void awaitReady() {
    process.awaitReady(() -> KafkaProcess.takesConnections(port));
  }

  private static void requireFree(int port) {
    KafkaProcess.requireFree(port, "the broker", "move all databases with --database-port-base");
  }

  private static Path writeProperties(Path folder, int port) throws IOException {
    return Files.writeString(
        folder.resolve("server.properties"),
        """
        process.roles=broker,controller
        node.id=1
        listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
        controller.listener.names=CONTROLLER
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
        controller.quorum.voters=1@127.0.0.1:%2$d
        log.dirs=%3$s
        auto.create.topics.enable=false
        default.replication.factor=1
        offsets.topic.replication.factor=1
        offsets.topic.num.partitions=4
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        transaction.state.log.num.partitions=4
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        share.coordinator.state.topic.num.partitions=1
        group.initial.rebalance.delay.ms=0
        # Transactions follow each other at once: the next one waits for the last one's mark.
        add.partitions.to.txn.retry.backoff.ms=1
        # One that was killed is taken for alive for so long, and can't come back before.
        broker.session.timeout.ms=2000
        broker.heartbeat.interval.ms=500
        # A writer that stands still holds readers back for its time-out, and this.
        transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
        """
            .formatted(port, port + 1, folder.resolve("data")));
  }

  private static void format(Path folder, Path properties) throws IOException {
    KafkaProcess.run(
        folder,
        "format",
        List.of(
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            clusterId(),
            "--config",
            properties.toString()));
  }

  /** As Kafka writes its UUIDs, and makes them: one with a dash first would be an option. */
  private static String clusterId() {
    String id;
    do {
      UUID random = UUID.randomUUID();
      id =
          Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString(
                  ByteBuffer.allocate(2 * Long.BYTES)
                      .putLong(random.getMostSignificantBits())
                      .putLong(random.getLeastSignificantBits())
                      .array());
    } while (id.startsWith("-"));
    return id;
  }

  /** Stops it in order. */
  @Override
  public void close() {
    process.close();
  }
}
