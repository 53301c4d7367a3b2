package dev.freshet.bench.consistency;

import dev.freshet.bench.http.HttpCalls;
import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.searchnode.SearchNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The read databases of a system, and what keeps them in step; and the search store that follows
 * one, where there is one.
 */
final class KeptInStep implements AutoCloseable {

  /** The reader of the search store. */
  static final String STORE_READER = "search-1";

  private static final String LOG = "shop";

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
  private final int ports;
  private final Topology topology;
  private @Nullable BrokerNode broker;
  private @Nullable SearchNode store;

  /**
   * Nothing is started yet.
   *
   * @param ports the first of the system's ports
   */
  KeptInStep(int ports, Topology topology) {
    this.ports = ports;
    this.topology = topology;
  }

  Topology topology() {
    return topology;
  }

  /** How many read databases there are. */
  int count() {
    return topology == Topology.LOG ? 2 : 1;
  }

  /** The names of their readers, and the search store's last. */
  List<String> readers() {
    return Stream.concat(
            IntStream.rangeClosed(1, count()).mapToObj(i -> "read-" + i),
            topology == Topology.STORE ? Stream.of(STORE_READER) : Stream.of())
        .toList();
  }

  /** The search store; empty where there is none. */
  Optional<SearchNode> store() {
    return Optional.ofNullable(store);
  }

  /** Asks the search store's follower. */
  String follower(String method, String path) throws IOException, InterruptedException {
    return calls.send(method, "http://127.0.0.1:%d%s".formatted(ports + 12, path), "").body();
  }

  /** Asks the search store itself. */
  String store(String method, String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        calls.send(
            method, store().orElseThrow().url() + path, body, "Content-Type", "application/json");
    if (answer.statusCode() != 200) {
      throw new IOException(answer.body());
    }
    return answer.body();
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
    if (topology != Topology.LOG) {
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
      if (topology == Topology.STORE) {
        startStore(folder, sample, url.apply(servers.getFirst()), starter);
      }
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

  /** Its batches follow each other at once, so that one that is killed is within one. */
  private void startStore(Path folder, Sample sample, String readDatabase, Starter starter)
      throws IOException {
    SearchNode node = SearchNode.start(folder.resolve("search"), ports + 61);
    store = node;
    starter.start(
        "follower",
        ports + 12,
        "follow",
        "--read-database",
        readDatabase,
        "--search",
        node.url(),
        "--models",
        sample.folder("models"),
        "--pause",
        "1ms");
    starter.start(
        STORE_READER,
        ports + 23 + count(),
        "read",
        "--source",
        node.url(),
        "--kind",
        "search",
        "--id",
        STORE_READER);
  }

  /** Whether changes are applied to all of them, and written to the search store. */
  boolean isStreaming() throws IOException, InterruptedException {
    if (topology == Topology.STORE
        && !follower("GET", "/api/follower").contains("\"state\":\"following\"")) {
      return false;
    }
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
    if (store != null) {
      store.close();
    }
  }
}
