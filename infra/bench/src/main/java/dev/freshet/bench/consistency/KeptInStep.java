package dev.freshet.bench.consistency;

import dev.freshet.bench.http.HttpCalls;
import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The read databases of a system, and what keeps them in step: one with a slot, or two that follow
 * a log on a broker.
 */
final class KeptInStep implements AutoCloseable {

  private static final String LOG = "shop";

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
  private final int ports;
  private final boolean viaLog;
  private @Nullable BrokerNode broker;

  /**
   * Nothing is started yet.
   *
   * @param ports the first of the system's ports
   */
  KeptInStep(int ports, boolean viaLog) {
    this.ports = ports;
    this.viaLog = viaLog;
  }

  /** How many read databases there are. */
  int count() {
    return viaLog ? 2 : 1;
  }

  /** The names of their readers. */
  List<String> readers() {
    return IntStream.rangeClosed(1, count()).mapToObj(i -> "read-" + i).toList();
  }

  /** The broker between; empty where each read database has a slot. */
  Optional<BrokerNode> broker() {
    return Optional.ofNullable(broker);
  }

  /** Starts a part. */
  interface Starter {
    void start(String id, int port, String... arguments) throws IOException;
  }

  /**
   * Starts the syncs, and what they follow.
   *
   * @param primaries all servers that may be the primary
   * @param followed the one that a slot is on
   * @param url of a read database
   */
  void start(
      Path folder,
      Sample sample,
      List<PostgresServer> servers,
      String primaries,
      String followed,
      Function<PostgresServer, String> url,
      Starter starter)
      throws IOException {
    if (!viaLog) {
      starter.start(
          "sync",
          ports + 11,
          "sync",
          "--primary",
          followed,
          "--read-database",
          url.apply(servers.getFirst()),
          "--models",
          sample.folder("models"),
          "--views");
      return;
    }
    BrokerNode node = BrokerNode.start(folder.resolve("broker"), ports + 60);
    broker = node;
    starter.start(
        "publisher",
        ports + 9,
        "publish",
        "--primary",
        primaries,
        "--broker",
        node.bootstrap(),
        "--name",
        LOG,
        "--models",
        sample.folder("models"));
    for (int i = 0; i < servers.size(); i++) {
      starter.start(
          i == 0 ? "sync" : "sync-2",
          ports + 11 + i,
          "sync",
          "--log",
          "kafka://%s/%s".formatted(node.bootstrap(), LOG),
          "--seed",
          url.apply(servers.get(1 - i)),
          "--seed",
          primaries,
          "--read-database",
          url.apply(servers.get(i)),
          "--models",
          sample.folder("models"));
    }
  }

  /** Whether changes are applied to all of them. */
  boolean isStreaming() throws IOException, InterruptedException {
    for (String told : ask("/api/sync")) {
      if (!told.contains("\"state\":\"streaming\"")) {
        return false;
      }
    }
    return true;
  }

  /** What each sync tells of its models. */
  List<String> models() throws IOException, InterruptedException {
    return ask("/api/models");
  }

  private List<String> ask(String path) throws IOException, InterruptedException {
    List<String> told = new ArrayList<>();
    for (int i = 0; i < count(); i++) {
      told.add(
          calls.send("GET", "http://127.0.0.1:%d%s".formatted(ports + 11 + i, path), "").body());
    }
    return told;
  }

  @Override
  public void close() {
    if (broker != null) {
      broker.close();
    }
  }
}
