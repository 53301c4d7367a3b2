package dev.freshet.local.system;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.sync.log.LogAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parts that a system consists of, in the order in which a request passes them, and their
 * settings.
 *
 * <p>Read-backends come one a source: replicas, the primary, read databases.
 */
public final class SystemLayout {

  private static final String WRITERS = "writers";
  private static final String READERS = "readers";
  private static final String WRITE = "write-1";
  private static final String PRIMARY_READS = "primary-reads";
  private static final String SEARCH = "search-1";
  private static final String BROKER_PROPERTIES = "freshet.broker.properties.";

  private final SystemOptions options;
  private final SystemConfig config;
  private final DatabaseLogin reader;
  private final @Nullable DatabaseLogin writer;
  private final Set<String> roles;
  private final List<PartSpec> parts = new ArrayList<>();
  private final Map<String, String> gateway = new LinkedHashMap<>();
  private @Nullable Map<String, String> connector;
  private int instances;

  private SystemLayout(
      SystemOptions options,
      SystemConfig config,
      DatabaseLogin reader,
      @Nullable DatabaseLogin writer,
      Set<String> roles) {
    this.options = options;
    this.config = config;
    this.reader = reader;
    this.writer = writer;
    this.roles = roles;
  }

  /**
   * Lays out a system on this cluster.
   *
   * @param writer null where there are no commands
   * @param roles that the files of models and commands name
   */
  static SystemLayout of(
      SystemOptions options,
      SystemConfig config,
      Cluster cluster,
      DatabaseLogin reader,
      @Nullable DatabaseLogin writer,
      Set<String> roles) {
    SystemLayout layout = new SystemLayout(options, config, reader, writer, roles);
    layout.layOut(cluster);
    return layout;
  }

  /** The parts, in the order in which a request passes them. */
  List<PartSpec> parts() {
    return parts.stream().map(part -> part.with(options.settings())).toList();
  }

  /** The settings of the connector that publishes; null where a part does, or nobody. */
  @Nullable Map<String, String> connector() {
    return connector;
  }

  /**
   * The pools that a system brings along, to check routes against.
   *
   * @param hasCommands whether there are commands, for which a write-backend is started
   */
  public static Map<String, List<InstanceSpec>> pools(
      boolean hasCommands, int replicas, int readDatabases) {
    Map<String, List<InstanceSpec>> pools = new LinkedHashMap<>();
    if (hasCommands) {
      pools.put(WRITERS, List.of(instance(WRITE, SourceKind.PRIMARY)));
    }
    List<InstanceSpec> readers = new ArrayList<>();
    for (int i = 1; i <= replicas; i++) {
      readers.add(instance(Cluster.replicaId(i), SourceKind.REPLICA));
    }
    readers.add(instance(PRIMARY_READS, SourceKind.PRIMARY));
    for (int i = 1; i <= readDatabases; i++) {
      readers.add(instance(Cluster.readDatabaseId(i), SourceKind.READ_DATABASE));
    }
    pools.put(READERS, List.copyOf(readers));
    return pools;
  }

  /** Whether a configuration folder has a command, for which a write-backend is started. */
  public static boolean hasCommands(Path folder) {
    return SystemConfig.hasCommands(folder);
  }

  private static InstanceSpec instance(String id, SourceKind kind) {
    return new InstanceSpec(
        id,
        Endpoint.of(URI.create("http://127.0.0.1")),
        kind,
        null,
        InstanceSpec.USUAL_WEIGHT,
        Limit.NONE);
  }

  /** The log that the read databases follow; null where each follows the primary by a slot. */
  static @Nullable LogAddress log(SystemOptions options, Cluster cluster) {
    BrokerChoice choice = options.broker();
    if (choice == null) {
      return null;
    }
    String servers = choice.servers();
    return new LogAddress(
        servers == null ? "127.0.0.1:" + options.brokerPort() : servers,
        cluster.primary().url().database());
  }

  private void layOut(Cluster cluster) {
    LogAddress log = log(options, cluster);
    String primary = primary(cluster).uriWithPassword();
    if (writer != null) {
      parts.add(
          new PartSpec(
              PartKind.WRITE,
              WRITE,
              options.writePort(),
              Map.of(
                  "freshet.write.primary", writer.of(primary(cluster)).uriWithPassword(),
                  "freshet.write.commands", config.commands().toString(),
                  "freshet.write.roles", String.join(",", roles),
                  "freshet.write.claims-key", options.claimsKey().toString())));
      instance(WRITERS, WRITE, options.writePort(), SourceKind.PRIMARY);
    }
    cluster.replicas().forEach(replica -> reader(replica.url(), replica.id(), SourceKind.REPLICA));
    reader(primary(cluster), PRIMARY_READS, SourceKind.PRIMARY);
    BrokerChoice choice = options.broker();
    if (log != null && choice != null && (config.hasModels() || choice.hasTopics())) {
      publisher(primary, log, choice);
    }
    if (config.hasModels()) {
      cluster
          .readDatabases()
          .forEach(read -> reader(read.url(), read.id(), SourceKind.READ_DATABASE));
      int number = 0;
      for (PostgresServer readDatabase : cluster.readDatabases()) {
        sync(source(primary, log, readDatabase, cluster), readDatabase, ++number);
      }
      if (options.search() && !cluster.readDatabases().isEmpty()) {
        search(cluster.readDatabases().getFirst());
      }
    }
    gateway.put("freshet.gateway.routes", config.routes().toString());
    gateway.put("freshet.gateway.claims-key", options.claimsKey().toString());
    gateway.put("freshet.gateway.data", options.cluster().data().toString());
    gateway.put("freshet.gateway.access-log", Boolean.toString(options.accessLog()));
    gateway.put("management.server.port", Integer.toString(options.operatorPort()));
    gateway.put("management.server.address", "127.0.0.1");
    parts.addFirst(new PartSpec(PartKind.GATEWAY, "gateway", options.gatewayPort(), gateway));
  }

  /** The primary, or whichever replica is promoted to be it. */
  private static PostgresUrl primary(Cluster cluster) {
    PostgresUrl first = cluster.primary().url();
    List<PostgresUrl.Server> servers = new ArrayList<>(first.servers());
    cluster.replicas().forEach(replica -> servers.addAll(replica.url().servers()));
    return new PostgresUrl(
        servers, first.database(), first.user(), first.password(), first.parameters());
  }

  private int nextReadPort() {
    return options.readPort(
        (int) parts.stream().filter(part -> part.kind() == PartKind.READ).count() + 1);
  }

  /** A store, whoever keeps it in step, and whoever reads it. */
  private void search(PostgresServer readDatabase) {
    String store = "http://127.0.0.1:" + options.searchPort();
    parts.add(
        new PartSpec(
            PartKind.FOLLOW,
            "follower",
            options.followPort(),
            Map.of(
                "freshet.follow.read-database",
                readDatabase.url().uriWithPassword(),
                "freshet.follow.search",
                store)));
    int port = nextReadPort();
    parts.add(
        new PartSpec(
            PartKind.READ,
            SEARCH,
            port,
            Map.of(
                "freshet.read.id", SEARCH,
                "freshet.read.kind", SourceKind.SEARCH.wireName(),
                "freshet.read.source", store,
                "freshet.read.roles", String.join(",", roles),
                "freshet.read.claims-key", options.claimsKey().toString())));
    instance(READERS, SEARCH, port, SourceKind.SEARCH);
  }

  private void reader(PostgresUrl source, String id, SourceKind kind) {
    int port = nextReadPort();
    parts.add(
        new PartSpec(
            PartKind.READ,
            id,
            port,
            Map.of(
                "freshet.read.id", id,
                "freshet.read.kind", kind.wireName(),
                "freshet.read.source", reader.of(source).uriWithPassword(),
                "freshet.read.roles", String.join(",", roles),
                "freshet.read.claims-key", options.claimsKey().toString())));
    instance(READERS, id, port, kind);
  }

  private void publisher(String primary, LogAddress log, BrokerChoice choice) {
    Map<String, String> published = published(primary, choice);
    if (choice.inConnect()) {
      connector = connector(published, log);
      for (int task = 1; task <= KafkaProcesses.WORKERS; task++) {
        tellGateway(task);
      }
      return;
    }
    Map<String, String> settings = new HashMap<>(client(BROKER_PROPERTIES));
    published.forEach((name, value) -> settings.put("freshet.publish." + name, value));
    settings.put("freshet.publish.broker", log.servers());
    settings.put("freshet.publish.name", log.log());
    parts.add(new PartSpec(PartKind.PUBLISH, "publisher", options.publishPort(1), settings));
    tellGateway(1);
  }

  /** What to publish, whoever does. */
  private Map<String, String> published(String primary, BrokerChoice choice) {
    Map<String, String> settings = new HashMap<>();
    settings.put("primary", primary);
    settings.put("topics", String.join(",", choice.topics()));
    String outbox = choice.outbox();
    if (outbox != null) {
      settings.put("outbox", outbox);
    }
    if (config.hasModels()) {
      settings.put("models", config.models().toString());
    }
    return settings;
  }

  private void tellGateway(int publisher) {
    gateway.put(
        "freshet.gateway.publish[%d]".formatted(publisher - 1),
        "http://127.0.0.1:" + options.publishPort(publisher));
  }

  private Map<String, String> connector(Map<String, String> published, LogAddress log) {
    Map<String, String> settings = new HashMap<>(client("broker.properties."));
    settings.putAll(published);
    settings.put("connector.class", "dev.freshet.connect.FreshetConnector");
    settings.put("tasks.max", Integer.toString(KafkaProcesses.WORKERS));
    settings.put("log", log.toString());
    settings.put("port", Integer.toString(options.publishPort(1)));
    String token = System.getenv(OperatorGate.TOKEN_VARIABLE);
    if (token != null) {
      settings.put("operator.token", token);
    }
    String hosts = options.settings().get("freshet.operator-hosts");
    if (hosts != null) {
      settings.put("operator.hosts", hosts);
    }
    return settings;
  }

  private Map<String, String> client(String prefix) {
    Map<String, String> settings = new HashMap<>();
    BrokerChoice choice = options.broker();
    if (choice != null) {
      choice.properties().forEach((name, value) -> settings.put(prefix + name, value));
    }
    return settings;
  }

  /** A new copy gets its rows from another read database, else from the primary. */
  private Map<String, String> source(
      String primary, @Nullable LogAddress log, PostgresServer readDatabase, Cluster cluster) {
    if (log == null) {
      return Map.of("freshet.sync.primary", primary, "freshet.sync.views", "true");
    }
    Map<String, String> settings = new HashMap<>(client(BROKER_PROPERTIES));
    settings.put("freshet.sync.log", log.toString());
    int number = 0;
    for (PostgresServer peer : cluster.readDatabases()) {
      if (!peer.id().equals(readDatabase.id())) {
        settings.put("freshet.sync.seed[%d]".formatted(number++), peer.url().uriWithPassword());
      }
    }
    settings.put("freshet.sync.seed[%d]".formatted(number), primary);
    return settings;
  }

  private void sync(Map<String, String> source, PostgresServer readDatabase, int number) {
    int port = options.syncPort(number);
    Map<String, String> settings = new HashMap<>(source);
    settings.put("freshet.sync.read-database", readDatabase.url().uriWithPassword());
    settings.put("freshet.sync.models", config.models().toString());
    settings.put("freshet.sync.id", readDatabase.id());
    parts.add(new PartSpec(PartKind.SYNC, "sync-" + readDatabase.id(), port, settings));
    gateway.put("freshet.gateway.sync[%d]".formatted(number - 1), "http://127.0.0.1:" + port);
  }

  private void instance(String pool, String id, int port, SourceKind kind) {
    String prefix = "freshet.gateway.instances[%d].".formatted(instances++);
    gateway.put(prefix + "pool", pool);
    gateway.put(prefix + "id", id);
    gateway.put(prefix + "url", "http://127.0.0.1:" + port);
    gateway.put(prefix + "kind", kind.wireName());
  }
}
