package dev.freshet.local.system;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.Ports;
import dev.freshet.postgres.RootCause;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.runtime.claims.ClaimsKeys;
import dev.freshet.sync.log.LogAddress;
import dev.freshet.write.Migrations;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The running system. */
public final class LocalSystem implements AutoCloseable {

  private static final Duration ASK_AGAIN = Duration.ofMillis(50);

  private final SystemOptions options;
  private final Cluster cluster;
  private final KafkaProcesses kafka;
  private final SearchStoreProcess search;
  private final List<PartSpec> parts;
  private final Map<PartSpec, PartRunner.Running> running = new LinkedHashMap<>();

  private StartReport atStart = StartReport.NOTHING;
  private @Nullable ServersWatch watch;

  private LocalSystem(
      SystemOptions options,
      Cluster cluster,
      KafkaProcesses kafka,
      SearchStoreProcess search,
      List<PartSpec> parts) {
    this.options = options;
    this.cluster = cluster;
    this.kafka = kafka;
    this.search = search;
    this.parts = parts;
  }

  /**
   * Starts everything and returns once everything answers.
   *
   * @param report takes sentences on how it goes
   * @param isStopping whether the start is to be broken off
   */
  public static LocalSystem start(
      SystemOptions options, Consumer<String> report, BooleanSupplier isStopping) {
    SystemConfig.requireFolder(options.config());
    requireFreePorts(options);
    Cluster cluster = Cluster.start(options.cluster());
    try {
      // Only now nobody else uses the data folder.
      KafkaProcesses kafka = KafkaProcesses.begin(options, report);
      try {
        SearchStoreProcess search = SearchStoreProcess.begin(options, report);
        try {
          return start(options, cluster, kafka, search, report, isStopping);
        } catch (RuntimeException e) {
          search.close();
          throw e;
        }
      } catch (RuntimeException e) {
        kafka.close();
        throw e;
      }
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private static LocalSystem start(
      SystemOptions options,
      Cluster cluster,
      KafkaProcesses kafka,
      SearchStoreProcess search,
      Consumer<String> report,
      BooleanSupplier isStopping) {
    report.accept("PostgreSQL runs.");
    cluster.succession().ifPresent(report);
    SystemConfig config = SystemConfig.read(options.config(), cluster.data());
    migrate(config, cluster);
    Set<String> roles = config.roles();
    DatabaseLogin reader = DatabaseLogin.ofReaders(cluster, options.rolesBeside(roles));
    DatabaseLogin writer =
        config.hasCommands() ? DatabaseLogin.ofWriter(cluster, options.rolesBeside(roles)) : null;
    makeClaimsKeys(options);
    SystemLayout layout = SystemLayout.of(options, config, cluster, reader, writer, roles);
    LocalSystem system = new LocalSystem(options, cluster, kafka, search, layout.parts());
    try {
      system.startParts(
          options.processes() ? new InProcesses(cluster.data().logs(), report) : new InThisJvm());
      kafka.awaitStarted(layout.connector());
      search.awaitStarted();
      system.watch = new ServersWatch(cluster.servers(), report);
      system.awaitReady(report, isStopping);
    } catch (RuntimeException e) {
      system.stopParts();
      throw e;
    }
    return system;
  }

  /** The ports that are known before the cluster is; the number of readers follows from it. */
  private static void requireFreePorts(SystemOptions options) {
    requireFree(options.gatewayPort(), "the gateway");
    requireFree(options.operatorPort(), "the operators of the gateway");
    requireFree(options.writePort(), "the write-backend");
    for (int i = 1; i <= options.cluster().readDatabases(); i++) {
      requireFree(options.syncPort(i), "cdc-sync");
    }
    int readers =
        options.cluster().replicas()
            + 1
            + options.cluster().readDatabases()
            + (options.search() ? 1 : 0);
    for (int i = 1; i <= readers; i++) {
      requireFree(options.readPort(i), "a read-backend");
    }
  }

  static void requireFree(int port, String forWhat) {
    if (!Ports.isFree(port)) {
      throw new StartFailed(
          "Port %d, for %s, is taken. Stop what listens there, or move all ports with --port-base."
              .formatted(port, forWhat));
    }
  }

  private static void migrate(SystemConfig config, Cluster cluster) {
    if (Files.isDirectory(config.schema())) {
      new Migrations(
              Flyway.configure()
                  .dataSource(
                      cluster.primary().url().jdbcUrl(),
                      cluster.primary().url().user(),
                      cluster.primary().url().password())
                  .locations("filesystem:" + config.schema())
                  .load(),
              config.schema().toString())
          .run();
    }
  }

  private static void makeClaimsKeys(SystemOptions options) {
    try {
      ClaimsKeys.make(options.claimsKey());
    } catch (IOException e) {
      throw new StartFailed(
          "The keys for claims can't be kept in %s: %s"
              .formatted(options.claimsKey(), e.getMessage()),
          e);
    }
  }

  private void startParts(PartRunner runner) {
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Map<PartSpec, CompletableFuture<PartRunner.Running>> starts = new LinkedHashMap<>();
      for (PartSpec part : parts) {
        starts.put(part, CompletableFuture.supplyAsync(() -> runner.start(part), threads));
      }
      CompletionException failed = null;
      for (Map.Entry<PartSpec, CompletableFuture<PartRunner.Running>> start : starts.entrySet()) {
        try {
          running.put(start.getKey(), start.getValue().join());
        } catch (CompletionException e) {
          failed = failed == null ? e : failed;
        }
      }
      if (failed != null) {
        throw new StartFailed(RootCause.message(failed), failed);
      }
    }
  }

  /**
   * Waits until every copy serves, for as long as anything moves.
   *
   * @param isStopping whether the start is to be broken off
   */
  private void awaitReady(Consumer<String> report, BooleanSupplier isStopping) {
    Readiness readiness = new Readiness(Instant.now());
    while (true) {
      if (isStopping.getAsBoolean()) {
        throw new StartFailed("Stopped while it was starting.");
      }
      JsonNode status = null;
      try {
        status = new JsonMapper().readTree(ask(options.operatorPort(), "/api/status"));
      } catch (IOException | JacksonException e) {
        // Not yet.
      }
      switch (readiness.look(status, Instant.now())) {
        case Readiness.Look.Ready ignored -> {
          if (status != null) {
            atStart =
                StartReport.of(
                    status, parts.stream().map(PartSpec::id).collect(Collectors.toSet()));
          }
          return;
        }
        case Readiness.Look.Refused(String why) -> throw new StartFailed(why);
        case Readiness.Look.Stuck(String what, Duration still) -> {
          ThreadDump.to(cluster.data().logs().resolve("threads.txt"));
          throw new StartFailed(
              "It did not become ready: nothing has moved for %d minutes. It was waiting for %s. See the logs in %s."
                  .formatted(still.toMinutes(), what, cluster.data().logs()));
        }
        case Readiness.Look.Waiting(String news) -> {
          if (news != null) {
            report.accept("Waiting for " + news + ".");
          }
        }
      }
      LockSupport.parkNanos(ASK_AGAIN.toNanos());
    }
  }

  private static String ask(int port, String path) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(5));
    // The parts have it from there, too.
    String token = System.getenv(OperatorGate.TOKEN_VARIABLE);
    if (token != null) {
      request.header("Authorization", OperatorGate.authorization(token));
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartFailed("Interrupted while starting", e);
    }
  }

  public Cluster cluster() {
    return cluster;
  }

  public SystemOptions options() {
    return options;
  }

  /** The parts that run, in the order in which a request passes them. */
  public List<PartSpec> parts() {
    return parts;
  }

  /** The log that the read databases follow, as a sync names it. */
  public Optional<String> log() {
    return Optional.ofNullable(SystemLayout.log(options, cluster)).map(LogAddress::toString);
  }

  /** Addresses of the REST APIs of Kafka Connect's workers. */
  public List<String> connect() {
    return kafka.workers();
  }

  /** The address of the search store; empty where there is none. */
  public Optional<String> search() {
    return options.search()
        ? Optional.of("http://127.0.0.1:" + options.searchPort())
        : Optional.empty();
  }

  /** What there is besides what was started. */
  public StartReport atStart() {
    return atStart;
  }

  private void stopParts() {
    if (watch != null) {
      watch.close();
    }
    // In the order of the list: whoever asks others stops before them.
    running.values().forEach(PartRunner.Running::close);
    running.clear();
  }

  @Override
  public void close() {
    kafka.beginToClose();
    search.beginToClose();
    try {
      stopParts();
    } finally {
      search.close();
      kafka.close();
      cluster.close();
    }
  }
}
