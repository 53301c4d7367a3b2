package dev.freshet.local.system;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.Ports;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.runtime.RootCause;
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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.flywaydb.core.Flyway;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The running system. */
public final class LocalSystem implements AutoCloseable {

  /** One that was not there when the gateway started is ready with a share that grows. */
  private static final Set<String> INSTANCE_SERVES = Set.of("ready", "slow-start", "stuck");

  private static final Set<String> SYNC_SERVES = Set.of("streaming", "standby");

  private static final Duration READY_TIMEOUT = Duration.ofMinutes(2);
  private static final Duration ASK_AGAIN = Duration.ofMillis(50);

  private final SystemOptions options;
  private final Cluster cluster;
  private final List<PartSpec> parts;
  private final Map<PartSpec, PartRunner.Running> running = new LinkedHashMap<>();

  private LocalSystem(SystemOptions options, Cluster cluster, List<PartSpec> parts) {
    this.options = options;
    this.cluster = cluster;
    this.parts = parts;
  }

  /**
   * Starts everything and returns once everything answers.
   *
   * @param restaurant whether the sample's write-backend is wanted
   * @param report takes sentences on how it goes
   */
  public static LocalSystem start(
      SystemOptions options, boolean restaurant, Consumer<String> report) {
    SystemConfig.requireFolder(options.config());
    requireFreePorts(options);
    Cluster cluster = Cluster.start(options.cluster());
    try {
      report.accept("PostgreSQL runs.");
      SystemConfig config = SystemConfig.read(options.config(), restaurant, cluster.data());
      migrate(config, cluster);
      LocalSystem system =
          new LocalSystem(options, cluster, SystemLayout.of(options, config, cluster));
      try {
        system.startParts(
            options.processes() ? new InProcesses(cluster.data().logs(), report) : new InThisJvm());
        system.awaitReady();
      } catch (RuntimeException e) {
        system.stopParts();
        throw e;
      }
      return system;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  /** The ports that are known before the cluster is; the number of readers follows from it. */
  private static void requireFreePorts(SystemOptions options) {
    requireFree(options.gatewayPort(), "the gateway");
    requireFree(options.operatorPort(), "the operators of the gateway");
    requireFree(options.writePort(), "the write-backend");
    for (int i = 1; i <= options.cluster().readDatabases(); i++) {
      requireFree(options.syncPort(i), "cdc-sync");
    }
    int readers = options.cluster().replicas() + 1 + options.cluster().readDatabases();
    for (int i = 1; i <= readers; i++) {
      requireFree(options.readPort(i), "a read-backend");
    }
  }

  private static void requireFree(int port, String forWhat) {
    if (!Ports.isFree(port)) {
      throw new StartFailed(
          "Port %d, for %s, is taken. Stop what listens there, or move all ports with --port-base."
              .formatted(port, forWhat));
    }
  }

  private static void migrate(SystemConfig config, Cluster cluster) {
    if (Files.isDirectory(config.schema())) {
      Flyway.configure()
          .dataSource(
              cluster.primary().url().jdbcUrl(),
              cluster.primary().url().user(),
              cluster.primary().url().password())
          .locations("filesystem:" + config.schema())
          .load()
          .migrate();
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

  /** Waits until the gateway says that all copies are fresh. */
  private void awaitReady() {
    Instant end = Instant.now().plus(READY_TIMEOUT);
    String verdict = "the gateway does not answer";
    while (Instant.now().isBefore(end)) {
      try {
        JsonNode status = new JsonMapper().readTree(ask(options.operatorPort(), "/api/status"));
        if (serves(status) && areBuilt(status)) {
          return;
        }
        verdict = status.path("verdict").path("text").asString(verdict);
        failOnRefusal(status.path("sync"));
      } catch (IOException | JacksonException e) {
        // Not yet.
      }
      LockSupport.parkNanos(ASK_AGAIN.toNanos());
    }
    ThreadDump.to(cluster.data().logs().resolve("threads.txt"));
    throw new StartFailed(
        "It did not become ready within %d s: %s See the logs in %s."
            .formatted(READY_TIMEOUT.toSeconds(), verdict, cluster.data().logs()));
  }

  /** Whether every instance is ready and every sync streams, whatever there is to say of models. */
  private static boolean serves(JsonNode status) {
    boolean serves = !status.path("instances").isEmpty();
    for (JsonNode instance : status.path("instances")) {
      serves &= INSTANCE_SERVES.contains(instance.path("state").asString(""));
    }
    for (JsonNode sync : status.path("sync")) {
      serves &= SYNC_SERVES.contains(sync.path("state").asString(""));
    }
    return serves;
  }

  /** Whether every read database has its models; one that can't be kept is no reason to wait. */
  private static boolean areBuilt(JsonNode status) {
    boolean isKept = !status.path("models").isEmpty() || status.path("sync").isEmpty();
    for (JsonNode model : status.path("models")) {
      isKept &= !model.path("state").asString("").equals("building");
    }
    return isKept;
  }

  /** A sync that refuses waits for a person; so need not the start. */
  private static void failOnRefusal(JsonNode syncs) {
    for (JsonNode sync : syncs) {
      if (sync.path("state").asString("").equals("refused")) {
        throw new StartFailed(sync.path("reason").asString(""));
      }
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

  private void stopParts() {
    // In the order of the list: whoever asks others stops before them.
    running.values().forEach(PartRunner.Running::close);
    running.clear();
  }

  @Override
  public void close() {
    try {
      stopParts();
    } finally {
      cluster.close();
    }
  }
}
