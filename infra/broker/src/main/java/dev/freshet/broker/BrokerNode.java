package dev.freshet.broker;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One Kafka node, broker and controller in one, on loopback: a process of its own, as Kafka ends
 * its JVM where something is wrong. Its folder is formatted at the first start, and resumed later.
 */
public final class BrokerNode implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofSeconds(60);
  private static final Duration FORMATTED_WITHIN = Duration.ofSeconds(60);
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(30);
  private static final int CONNECT_MILLIS = 1_000;
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  private final Path folder;
  private final int port;
  private Process process;

  private BrokerNode(Path folder, int port, Process process) {
    this.folder = folder;
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
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      endLeftOver(folder);
      requireFree(port);
      requireFree(port + 1);
      Path properties = writeProperties(folder, port);
      if (!Files.exists(folder.resolve("data/meta.properties"))) {
        format(folder, properties);
      }
      BrokerNode node = new BrokerNode(folder, port, launch(folder, properties));
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
    return process.toHandle();
  }

  /** Kills it, as a power failure would. */
  public void kill() {
    process.destroyForcibly();
    process.onExit().orTimeout(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Starts it after it was killed, and returns once it takes connections. */
  public void startAgain() {
    try {
      process = launch(folder, folder.resolve("server.properties"));
    } catch (IOException e) {
      throw new BrokerFailed("The broker can't be started again.", e);
    }
    awaitReady();
  }

  /** One that a killed parent has left: it holds folder and port. */
  private static void endLeftOver(Path folder) throws IOException {
    Path pidFile = folder.resolve("broker.pid");
    if (!Files.exists(pidFile)) {
      return;
    }
    ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip()))
        .filter(
            process ->
                process.info().arguments().stream()
                    .flatMap(Stream::of)
                    .anyMatch(argument -> argument.startsWith(folder.toString())))
        .ifPresent(
            process -> {
              process.destroyForcibly();
              process.onExit().orTimeout(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS).join();
            });
  }

  private static void requireFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // As Kafka does: connections of one that was killed may still be winding up.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
    } catch (IOException e) {
      throw new BrokerFailed(
          "Port %d, for the broker, is taken. Stop what listens there, or move all databases with --database-port-base."
              .formatted(port),
          e);
    }
  }

  private static Path writeProperties(Path folder, int port) throws IOException {
    Files.writeString(
        folder.resolve("log4j2.properties"),
        """
            status=error
            appender.file.type=RollingFile
            appender.file.name=file
            appender.file.fileName=%1$s/broker.log
            appender.file.filePattern=%1$s/broker-%%i.log
            appender.file.layout.type=PatternLayout
            appender.file.layout.pattern=%%d %%p %%c{1} - %%m%%n
            appender.file.policies.type=Policies
            appender.file.policies.size.type=SizeBasedTriggeringPolicy
            appender.file.policies.size.size=10MB
            appender.file.strategy.type=DefaultRolloverStrategy
            appender.file.strategy.max=2
            rootLogger.level=warn
            rootLogger.appenderRef.file.ref=file
            """
            .formatted(folder));
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
    Process formatting =
        java(
            folder,
            List.of(
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                clusterId(),
                "--config",
                properties.toString()));
    try {
      boolean isDone = formatting.waitFor(FORMATTED_WITHIN.toSeconds(), TimeUnit.SECONDS);
      if (!isDone || formatting.exitValue() != 0) {
        formatting.destroyForcibly();
        throw new BrokerFailed(
            "The broker's folder can't be formatted: %s".formatted(output(folder)), null);
      }
    } catch (InterruptedException e) {
      formatting.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new BrokerFailed("The broker's start was interrupted.", e);
    }
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

  private static Process launch(Path folder, Path properties) throws IOException {
    Process process = java(folder, List.of("kafka.Kafka", properties.toString()));
    Files.writeString(folder.resolve("broker.pid"), Long.toString(process.pid()));
    return process;
  }

  private static Process java(Path folder, List<String> arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "-Dlog4j2.configurationFile=" + folder.resolve("log4j2.properties"),
                "-cp",
                jars()));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectInput(new File("/dev/null"))
        .redirectOutput(ProcessBuilder.Redirect.to(folder.resolve("broker.out").toFile()))
        .start();
  }

  /** Where the build has put Kafka's jars. */
  private static String jars() throws IOException {
    Path home = Path.of(System.getProperty("freshet.home", "")).toAbsolutePath();
    for (Path up = home; up != null; up = up.getParent()) {
      Path kafka = up.resolve("infra/broker/target/kafka");
      if (Files.isDirectory(kafka)) {
        try (Stream<Path> files = Files.list(kafka)) {
          return files.map(Path::toString).sorted().collect(Collectors.joining(File.pathSeparator));
        }
      }
    }
    throw new BrokerFailed(
        "Kafka's jars are not in infra/broker/target/kafka; build Freshet first.", null);
  }

  private static String output(Path folder) {
    try {
      return Files.readString(folder.resolve("broker.out")).strip();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void awaitReady() {
    long end = System.nanoTime() + READY_WITHIN.toNanos();
    while (!takesConnections()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        kill();
        throw new BrokerFailed(
            "The broker did not start: %s See %s."
                .formatted(output(folder), folder.resolve("broker.log")),
            null);
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  private boolean takesConnections() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), CONNECT_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Stops it in order. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOPPED_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }
}
