package dev.freshet.broker;

import dev.freshet.process.JavaProcess;
import dev.freshet.process.ProcessFailed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A Kafka node, broker and controller in one, on loopback: a process of its own, as Kafka ends its
 * JVM where something is wrong. Its folder is formatted at the first start, and resumed later.
 */
public final class BrokerNode implements AutoCloseable {

  private static final String NAME = "broker";

  private final int port;
  private final JavaProcess process;

  private BrokerNode(int port, JavaProcess process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Starts it, and returns once it takes connections.
   *
   * @param folder its own; made where there is none
   * @param port where clients connect; the next one is the controller's
   * @throws ProcessFailed when it can't be started
   */
  public static BrokerNode start(Path folder, int port) {
    BrokerNode node = launch(folder, new Place(1, port, List.of(port)), clusterId());
    node.awaitReady();
    return node;
  }

  /**
   * Starts several that are one cluster, each record on all of them, and returns once they take
   * connections: one of three may fail.
   *
   * @param folder has a folder for each
   * @param port of the first one; each further one's is two more
   * @param nodes how many
   * @throws ProcessFailed when one of them can't be started; none is left then
   */
  public static List<BrokerNode> startCluster(Path folder, int port, int nodes) {
    List<Integer> ports = IntStream.range(0, nodes).mapToObj(i -> port + 2 * i).toList();
    String cluster = clusterId();
    List<BrokerNode> launched = new ArrayList<>();
    try {
      for (int i = 0; i < nodes; i++) {
        Place place = new Place(i + 1, ports.get(i), ports);
        launched.add(launch(folder.resolve("node-" + place.id()), place, cluster));
      }
      launched.forEach(BrokerNode::awaitReady);
      return List.copyOf(launched);
    } catch (ProcessFailed e) {
      launched.forEach(BrokerNode::close);
      throw e;
    }
  }

  /** Ends one that a killed parent has left in its folder. */
  public static void endLeftOver(Path folder) throws IOException {
    JavaProcess.endLeftOver(folder, NAME);
  }

  /**
   * Which of the nodes of a cluster it is.
   *
   * @param id counted from 1
   * @param all ports of all of them
   */
  private record Place(int id, int port, List<Integer> all) {

    /** One that fails stops nobody, where there are three. */
    int leastInSync() {
      return Math.max(1, all.size() - 1);
    }

    String voters() {
      return IntStream.rangeClosed(1, all.size())
          .mapToObj(id -> "%d@127.0.0.1:%d".formatted(id, all.get(id - 1) + 1))
          .collect(Collectors.joining(","));
    }
  }

  private static BrokerNode launch(Path folder, Place place, String cluster) {
    try {
      JavaProcess.prepare(folder, NAME, Kafka.QUIET);
      requireFree(place.port());
      requireFree(place.port() + 1);
      Path properties = writeProperties(folder, place);
      if (!Files.exists(folder.resolve("data/meta.properties"))) {
        format(folder, properties, cluster);
      }
      return new BrokerNode(
          place.port(),
          JavaProcess.start(
              folder,
              NAME,
              Kafka.jars(),
              List.of("-Xmx256m"),
              List.of("kafka.Kafka", properties.toString())));
    } catch (IOException e) {
      throw new ProcessFailed(
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

  /**
   * Starts it after it was killed, and returns once it takes connections.
   *
   * @throws ProcessFailed when it can't be started
   */
  public void startAgain() {
    process.startAgain();
    awaitReady();
  }

  private void awaitReady() {
    process.awaitReady(() -> JavaProcess.takesConnections(port));
  }

  private static void requireFree(int port) {
    JavaProcess.requireFree(port, "the broker", "move all databases with --database-port-base");
  }

  private static Path writeProperties(Path folder, Place place) throws IOException {
    return Files.writeString(
        folder.resolve("server.properties"),
        """
        process.roles=broker,controller
        node.id=%4$d
        listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
        controller.listener.names=CONTROLLER
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
        controller.quorum.voters=%5$s
        log.dirs=%3$s
        auto.create.topics.enable=false
        default.replication.factor=%6$d
        min.insync.replicas=%7$d
        offsets.topic.replication.factor=%6$d
        offsets.topic.num.partitions=4
        transaction.state.log.replication.factor=%6$d
        transaction.state.log.min.isr=%7$d
        transaction.state.log.num.partitions=4
        share.coordinator.state.topic.replication.factor=%6$d
        share.coordinator.state.topic.min.isr=%7$d
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
            .formatted(
                place.port(),
                place.port() + 1,
                folder.resolve("data"),
                place.id(),
                place.voters(),
                place.all().size(),
                place.leastInSync()));
  }

  private static void format(Path folder, Path properties, String cluster) throws IOException {
    JavaProcess.run(
        folder,
        "format",
        Kafka.jars(),
        List.of(
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            cluster,
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
