package dev.freshet.bench.consistency;

import dev.freshet.bench.http.HttpCalls;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.TimelineHistories;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.TimelineHistory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A primary, two replicas and what its {@link Topology} says, and every part in a process of its
 * own: what is killed here is killed as it would be there.
 */
final class WholeSystem implements AutoCloseable {

  private static final int REPLICAS = 2;
  private static final int FIRST_LINK = 80;

  private static final String SYNC_TO_PRIMARY = "from the sync to the primary";

  /** Parts that are not measured need not be fast, and eight of them start at once. */
  private static final List<String> STARTS_SOON = List.of("-XX:TieredStopAtLevel=1");

  /** Readers of the replicas. */
  static final List<String> REPLICA_READERS = List.of("replica-1", "replica-2");

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
  private final Path folder;
  private final int ports;
  private final Cluster cluster;
  private final String replicaConninfo;
  private final Map<String, PartProcess> parts = new LinkedHashMap<>();
  private final Map<String, Integer> readerPorts = new HashMap<>();
  private final Map<Integer, Integer> linkedPorts = new HashMap<>();
  private final Wiring wiring;
  private final KeptInStep kept;
  private final Sample sample;
  private PostgresServer primary;
  private final Map<String, Link> links = new LinkedHashMap<>();

  /** How the parts are connected; the last of them bears every fault. */
  enum Wiring {
    /** With each other. */
    DIRECT,
    /** Copies can be delayed, and a second gateway reads from the primary alone. */
    MEASURED,
    /** By links, which can be cut; and each with a clock that can be set. */
    FRAGILE
  }

  /**
   * Starts everything and waits until it serves.
   *
   * @param folder an empty one
   * @param ports the first of a hundred free ports
   * @param mutants by part, folders of classes that are found before the part's own
   */
  WholeSystem(Path folder, int ports, Map<String, Path> mutants, Wiring wiring) throws Exception {
    this(folder, ports, mutants, wiring, Topology.SLOT, Sample.RESTAURANT);
  }

  /** The same with another sample. */
  WholeSystem(
      Path folder,
      int ports,
      Map<String, Path> mutants,
      Wiring wiring,
      Topology topology,
      Sample sample)
      throws Exception {
    this.kept = new KeptInStep(ports, topology);
    this.sample = sample;
    this.folder = folder;
    this.ports = ports;
    this.wiring = wiring;
    this.cluster =
        Cluster.start(
            new ClusterOptions(folder.resolve("data"), REPLICAS, kept.count(), ports + 50, false));
    this.primary = cluster.primary();
    this.replicaConninfo = Servers.query(replica(2), "show primary_conninfo");
    try {
      startParts(mutants);
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  private void startParts(Map<String, Path> mutants) throws Exception {
    if (wiring == Wiring.FRAGILE) {
      layLinks();
    }
    Files.writeString(folder.resolve("routes.yaml"), routes());
    newSessionKey();
    String any =
        "postgresql://postgres@%s/freshet"
            .formatted(
                servers().stream()
                    .map(server -> "127.0.0.1:" + linked(server.port()))
                    .collect(Collectors.joining(",")));
    start(
        mutants,
        "write-1",
        ports + 10,
        "write",
        "--primary",
        any,
        "--schema",
        sample.folder("schema"),
        "--commands",
        sample.folder("commands"));
    if (wiring == Wiring.MEASURED) {
      links.put(SYNC_TO_PRIMARY, new Link(ports + 40, primary.port()));
    }
    kept.start(
        folder,
        sample,
        cluster.readDatabases(),
        any,
        wiring == Wiring.MEASURED
            ? "postgresql://postgres@127.0.0.1:%d/freshet".formatted(ports + 40)
            : any,
        this::url,
        (id, port, arguments) -> {
          readerPorts.put(id, port);
          start(mutants, id, port, arguments);
        });
    reader(mutants, "primary-reads", 20, any, "primary");
    reader(mutants, "replica-1", 21, url(cluster.replicas().getFirst()), "replica");
    reader(mutants, "replica-2", 22, url(cluster.replicas().getLast()), "replica");
    for (int i = 0; i < kept.count(); i++) {
      reader(
          mutants,
          kept.readers().get(i),
          23 + i,
          url(cluster.readDatabases().get(i)),
          "read-database");
    }
    start(
        mutants,
        "gateway",
        ports,
        "gateway",
        "--config",
        folder.toString(),
        "--operator-port",
        Integer.toString(ports + 1),
        "--session-keys",
        folder.resolve("session-keys").toString());
    if (wiring == Wiring.MEASURED) {
      Path config = Files.createDirectories(folder.resolve("primary-alone"));
      Files.writeString(
          config.resolve("routes.yaml"),
          routes().replaceAll("(?m)^.*kind: (replica|read-database).*\n", ""));
      start(
          mutants,
          "gateway-of-primary",
          ports + 2,
          "gateway",
          "--config",
          config.toString(),
          "--operator-port",
          Integer.toString(ports + 3),
          "--session-keys",
          folder.resolve("session-keys").toString());
    }
    for (PartProcess part : parts.values()) {
      part.awaitReady();
    }
    Servers.await(
        "the copies serve",
        () -> get(sample.probe(), "").statusCode() == 200 && new Readiness(this).isServing());
  }

  private String routes() {
    return new RoutesOf(kept, sample, ports, this::linked).text();
  }

  private void reader(Map<String, Path> mutants, String id, int offset, String source, String kind)
      throws IOException {
    readerPorts.put(id, ports + offset);
    start(mutants, id, ports + offset, "read", "--source", source, "--kind", kind, "--id", id);
  }

  private void start(Map<String, Path> mutants, String id, int port, String... arguments)
      throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--port", Integer.toString(port)));
    URI ready =
        switch (arguments[0]) {
          case "gateway" ->
              URI.create("http://127.0.0.1:%d/actuator/health/readiness".formatted(port + 1));
          case "sync" -> URI.create("http://127.0.0.1:%d/api/sync".formatted(port));
          case "publish" -> URI.create("http://127.0.0.1:%d/api/publisher".formatted(port));
          case "follow" -> URI.create("http://127.0.0.1:%d/api/follower".formatted(port));
          default -> URI.create("http://127.0.0.1:%d/.freshet/position".formatted(port));
        };
    Path mutant = mutants.get(id);
    parts.put(
        id,
        PartProcess.start(
            new PartProcess.Start(
                all,
                folder.resolve("data/pgpass"),
                ready,
                mutant == null ? List.of() : List.of(mutant),
                folder.resolve(id + ".log"),
                wiring == Wiring.MEASURED ? List.of() : STARTS_SOON,
                wiring == Wiring.FRAGILE && SetClock.isPossible()
                    ? SetClock.in(folder.resolve(id + ".clock"))
                    : null)));
  }

  private String url(PostgresServer server) {
    return "postgresql://postgres@127.0.0.1:%d/freshet".formatted(linked(server.port()));
  }

  /** Between the parts and the servers, and between the gateway and its backends. */
  private void layLinks() throws IOException {
    List<Integer> targets =
        Stream.concat(
                allServers().stream().map(PostgresServer::port),
                Stream.concat(Stream.of(ports + 10), readerPorts().stream()))
            .toList();
    for (int target : targets) {
      int port = ports + FIRST_LINK + links.size();
      links.put("to port " + target, new Link(port, target));
      linkedPorts.put(target, port);
    }
  }

  private List<Integer> readerPorts() {
    return IntStream.range(0, 3 + kept.readers().size()).mapToObj(i -> ports + 20 + i).toList();
  }

  /** How many instances the gateway has. */
  int instances() {
    return readerPorts().size() + 1;
  }

  /** Readers of all copies. */
  List<String> copyReaders() {
    return Stream.concat(REPLICA_READERS.stream(), kept.readers().stream()).toList();
  }

  /** The read databases, and what keeps them in step. */
  KeptInStep kept() {
    return kept;
  }

  /** Where a port of this machine is reached. */
  private int linked(int port) {
    return linkedPorts.getOrDefault(port, port);
  }

  Sample sample() {
    return sample;
  }

  /** The links by what they lead to. */
  Map<String, Link> links() {
    return links;
  }

  Map<String, PartProcess> parts() {
    return parts;
  }

  PartProcess part(String id) {
    return Objects.requireNonNull(parts.get(id), id);
  }

  Cluster cluster() {
    return cluster;
  }

  /** The server that is the primary now. */
  PostgresServer primary() {
    return primary;
  }

  PostgresServer replica(int number) {
    return cluster.replicas().get(number - 1);
  }

  private List<PostgresServer> servers() {
    return Stream.concat(Stream.of(cluster.primary()), cluster.replicas().stream()).toList();
  }

  String gateway() {
    return "http://127.0.0.1:" + ports;
  }

  /** A gateway that reads from the primary alone. */
  String gatewayOfPrimary() {
    return "http://127.0.0.1:" + (ports + 2);
  }

  /** Has all copies be behind by this. */
  void delayCopies(Duration delay) throws SQLException {
    for (PostgresServer replica : cluster.replicas()) {
      Servers.run(
          replica,
          "alter system set recovery_min_apply_delay = '%dms'".formatted(delay.toMillis()),
          "select pg_reload_conf()");
    }
    Objects.requireNonNull(links.get(SYNC_TO_PRIMARY)).delay(delay);
  }

  /** Signs with a key of its own from now on; the one before is accepted still. */
  void newSessionKey() throws IOException {
    SessionKeyFile.addTo(folder.resolve("session-keys"));
  }

  HttpResponse<String> get(String path, String token) throws IOException, InterruptedException {
    return calls.send("GET", gateway() + path, "", "Freshet-Session", token);
  }

  /** Where the writer says that the primary is. */
  String writerPosition() throws IOException, InterruptedException {
    return ask(ports + 10, "GET", FreshetHeaders.POSITION_PATH)
        .replaceFirst(".*\"position\":\"([^\"]+)\".*", "$1");
  }

  /** A reader's own address, past the gateway. */
  String reader(String id) {
    return "http://127.0.0.1:%d".formatted(Objects.requireNonNull(readerPorts.get(id), id));
  }

  /** What the gateway says of everything. */
  String status() throws IOException, InterruptedException {
    return ask(ports + 1, "GET", "/api/status");
  }

  /** Asks the management API of the first sync. */
  String sync(String method, String path) throws IOException, InterruptedException {
    return ask(ports + 11, method, path);
  }

  private String ask(int port, String method, String path)
      throws IOException, InterruptedException {
    return calls.send(method, "http://127.0.0.1:%d%s".formatted(port, path), "").body();
  }

  /** The servers of the cluster, with the read database's. */
  List<PostgresServer> allServers() {
    return Stream.concat(servers().stream(), cluster.readDatabases().stream()).toList();
  }

  /** Makes the first replica the primary, and has the second follow it. */
  void promote() throws Exception {
    PostgresServer promoted = replica(1);
    Servers.run(promoted, "select pg_promote()");
    primary = promoted;
    Servers.run(promoted, "select pg_create_physical_replication_slot('replica_2', true)");
    String conninfo = replicaConninfo.replaceFirst("port=\\d+", "port=" + promoted.port());
    Servers.run(
        replica(2),
        "alter system set primary_conninfo = '%s'".formatted(conninfo.replace("'", "''")),
        "select pg_reload_conf()");
  }

  /** Ends the first primary as a crash would. */
  void killFormerPrimary() {
    cluster.primary().process().orElseThrow().destroyForcibly();
  }

  /** The former primary is back, and takes writes. */
  void startFormerPrimary() throws Exception {
    Servers.startAgain(cluster.primary());
  }

  /** The timelines, as the primary has them. */
  TimelineHistory history() throws SQLException {
    int timeline =
        Integer.parseInt(
            Servers.query(
                primary,
                "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"));
    PostgresUrl url = primary.url();
    return TimelineHistories.ask(url, timeline);
  }

  @Override
  public void close() {
    parts.values().forEach(PartProcess::close);
    kept.close();
    try {
      for (Link link : links.values()) {
        link.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      cluster.close();
    }
  }
}
