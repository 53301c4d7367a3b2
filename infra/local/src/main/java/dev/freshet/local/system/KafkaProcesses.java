package dev.freshet.local.system;

import dev.freshet.broker.BrokerNode;
import dev.freshet.broker.ConnectWorker;
import dev.freshet.postgres.RootCause;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The processes of Kafka that a system brings along: a broker, and workers of Kafka Connect. */
final class KafkaProcesses implements AutoCloseable {

  /** One publishes, and one stands by. */
  static final int WORKERS = 2;

  private static final String CONNECTOR = "freshet";
  private static final String BROKER = "broker";

  private final SystemOptions options;
  private final Path folder;
  private final Consumer<String> report;
  private final CompletableFuture<@Nullable BrokerNode> broker;
  private final List<ConnectWorker> workers = new ArrayList<>();
  private volatile boolean isClosing;

  private KafkaProcesses(
      SystemOptions options,
      Consumer<String> report,
      CompletableFuture<@Nullable BrokerNode> broker) {
    this.options = options;
    this.folder = options.cluster().data();
    this.report = report;
    this.broker = broker;
  }

  /**
   * Begins to start the broker. Nobody else may use the data folder; what a killed parent has left
   * there is ended, wanted or not.
   *
   * @throws StartFailed when a port of a publisher is taken
   */
  static KafkaProcesses begin(SystemOptions options, Consumer<String> report) {
    Path folder = options.cluster().data();
    try {
      BrokerNode.endLeftOver(folder.resolve(BROKER));
      for (int number = 1; number <= WORKERS; number++) {
        ConnectWorker.endLeftOver(folder.resolve(worker(number)), worker(number));
      }
    } catch (IOException e) {
      throw new StartFailed("The folder %s can't be read: %s".formatted(folder, e.getMessage()), e);
    }
    BrokerChoice choice = options.broker();
    if (choice != null) {
      for (int i = 1; i <= (choice.inConnect() ? WORKERS : 1); i++) {
        LocalSystem.requireFree(options.publishPort(i), "a publisher");
      }
    }
    return new KafkaProcesses(
        options,
        report,
        CompletableFuture.supplyAsync(
            () ->
                choice == null || choice.servers() != null
                    ? null
                    : BrokerNode.start(folder.resolve(BROKER), options.brokerPort())));
  }

  private static String worker(int number) {
    return "connect-" + number;
  }

  /**
   * Waits for the broker, and starts the workers with their connector.
   *
   * @param connector its settings; null where no workers are wanted
   * @throws StartFailed when one of them can't be started
   */
  void awaitStarted(@Nullable Map<String, String> connector) {
    try {
      BrokerNode node = broker.join();
      if (node != null) {
        tellOfEnd(
            node.process(),
            "The broker (process %d) ended unasked. What is written goes on; the read databases stand still until Freshet is started again. Its log is %s.",
            folder.resolve("broker/broker.log"));
      }
      if (connector != null) {
        startWorkers(connector);
      }
    } catch (CompletionException e) {
      throw new StartFailed(RootCause.message(e), e);
    } catch (IOException | RuntimeException e) {
      throw new StartFailed(RootCause.message(e), e);
    }
  }

  private void startWorkers(Map<String, String> connector) throws IOException {
    BrokerChoice choice = options.broker();
    if (choice == null) {
      throw new IllegalStateException("Kafka Connect works with a broker");
    }
    Path secrets = folder.resolve("connect");
    Map<String, String> config = withoutSecrets(connector, secrets);
    for (int number = 1; number <= WORKERS; number++) {
      workers.add(
          ConnectWorker.launch(
              folder.resolve(worker(number)),
              worker(number),
              options.connectPort(number),
              choice.servers() == null ? "127.0.0.1:" + options.brokerPort() : choice.servers(),
              "freshet.connect",
              choice.properties(),
              secrets));
    }
    workers.forEach(ConnectWorker::awaitReady);
    workers.forEach(
        worker ->
            tellOfEnd(
                worker.process(),
                "A worker of Kafka Connect (process %d) ended unasked; its tasks start on the other one, if there is one. Its log is %s.",
                worker.log()));
    workers.getFirst().put(CONNECTOR, JsonMapper.shared().writeValueAsString(config));
  }

  /** Whoever may ask the workers reads their connectors' settings, so that secrets go to a file. */
  private static Map<String, String> withoutSecrets(Map<String, String> connector, Path folder)
      throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path file = folder.resolve("freshet.properties");
    Properties secrets = new Properties();
    Map<String, String> config = new TreeMap<>(connector);
    config.replaceAll(
        (key, value) -> {
          if (!key.equals("primary")
              && !key.startsWith("operator.")
              && !key.startsWith("broker.")) {
            return value;
          }
          secrets.setProperty(key, value);
          return "${file:%s:%s}".formatted(file, key);
        });
    StringWriter text = new StringWriter();
    secrets.store(text, null);
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, text.toString());
    return config;
  }

  private void tellOfEnd(ProcessHandle process, String sentence, Path log) {
    CompletableFuture<Void> _ =
        process
            .onExit()
            .thenAccept(
                ended -> {
                  if (!isClosing) {
                    report.accept(sentence.formatted(ended.pid(), log));
                  }
                });
  }

  /** The processes are to end soon, which is no news then. */
  void beginToClose() {
    isClosing = true;
  }

  /** Addresses of the workers' REST APIs. */
  List<String> workers() {
    return workers.stream().map(ConnectWorker::address).toList();
  }

  @Override
  public void close() {
    isClosing = true;
    List<CompletableFuture<Void>> stopping =
        workers.stream().map(worker -> CompletableFuture.runAsync(worker::close)).toList();
    stopping.forEach(CompletableFuture::join);
    try {
      BrokerNode node = broker.join();
      if (node != null) {
        node.close();
      }
    } catch (CompletionException e) {
      // It did not start, which was said.
    }
  }
}
