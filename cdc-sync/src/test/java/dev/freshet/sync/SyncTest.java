package dev.freshet.sync;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.broker.BrokerNode;
import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterException;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.postgres.PinnedSession;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Lsn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * A primary and a read database that all tests of a class share, with databases of its own on both
 * for each test, and a sync between them.
 */
@SuppressWarnings("NullAway.Init") // set before each test
abstract class SyncTest {

  /** In the long form backlogs are of another size. */
  static final Duration PATIENCE =
      Boolean.getBoolean("freshet.long") ? Duration.ofMinutes(10) : Duration.ofSeconds(60);

  /** Each JVM that tests run in has ports of its own. */
  static final int CLUSTER_PORT = 18_440 + 100 * (Integer.getInteger("freshet.test.fork", 1) - 1);

  private static final AtomicInteger DATABASES = new AtomicInteger();

  @TempDir static Path data;

  static Cluster cluster;

  @TempDir Path folder;

  /** How rows {@code r} are compared. */
  String rowsLook = "r::text";

  String database;
  ConfigurableApplicationContext sync;

  /** Null unless {@link #viaLog}. */
  static @Nullable BrokerNode broker;

  private @Nullable SyncProcess publisher;

  /** Whether a log on a broker stands between, instead of a slot. */
  boolean viaLog() {
    return System.getProperty("freshet.test.via", "slot").equals("log");
  }

  @BeforeAll
  static void startCluster() {
    cluster = Cluster.start(new ClusterOptions(data.resolve("data"), 0, 1, CLUSTER_PORT, false));
  }

  @AfterAll
  static void stopCluster() {
    if (broker != null) {
      broker.close();
      broker = null;
    }
    cluster.close();
  }

  @BeforeEach
  void makeDatabases() throws Exception {
    database = "d" + DATABASES.incrementAndGet();
    for (PostgresServer server : new PostgresServer[] {primary(), readServer()}) {
      try (Connection connection = server.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("create database " + database);
      }
    }
    Files.createDirectories(folder.resolve("models"));
  }

  @AfterEach
  void stopSync() throws Exception {
    if (sync != null) {
      sync.close();
    }
    stopPublisher();
    onPrimary(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active and database = current_database()");
  }

  PostgresServer primary() {
    return cluster.primary();
  }

  PostgresServer readServer() {
    return cluster.readDatabases().getFirst();
  }

  /** Starts a server that was killed. */
  static void startAgain(PostgresServer server) {
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      try {
        server.startAgain();
        return;
      } catch (ClusterException e) {
        // Its children hold the shared memory until they have noticed.
        if (Instant.now().isAfter(end)) {
          throw e;
        }
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
    }
  }

  /** Where the log is, once something publishes to it. */
  String log() {
    if (broker == null) {
      broker = BrokerNode.start(data.resolve("broker"), CLUSTER_PORT + 60);
    }
    startPublisher();
    return "kafka://%s/%s".formatted(broker.bootstrap(), database);
  }

  private void startPublisher() {
    if (publisher == null) {
      try {
        publisher = SyncProcess.startPublisher(publisher(), folder.resolve("publisher.log"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Kills what publishes to the log, and starts it again. */
  void killPublisher() throws InterruptedException {
    requireNonNull(publisher).kill();
    publisher = null;
    startPublisher();
  }

  private Map<String, Object> publisher() {
    return Map.of(
        "server.port",
        0,
        "server.address",
        "127.0.0.1",
        "freshet.publish.primary",
        sources(),
        "freshet.publish.broker",
        requireNonNull(broker).bootstrap(),
        "freshet.publish.name",
        database);
  }

  private void stopPublisher() throws InterruptedException {
    if (publisher != null) {
      publisher.stop();
      publisher = null;
    }
  }

  String slot() {
    return "freshet_" + database;
  }

  ConfigurableApplicationContext startSync() {
    return startSync(Map.of());
  }

  ConfigurableApplicationContext startSync(Map<String, ?> more, Class<?>... beans) {
    return SyncBackend.start(properties(more), beans);
  }

  Map<String, Object> properties(Map<String, ?> more) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("server.port", 0);
    properties.put("server.address", "127.0.0.1");
    if (viaLog()) {
      properties.put("freshet.sync.log", log());
      properties.put("freshet.sync.seed[0]", sources());
    } else {
      properties.put("freshet.sync.primary", url(primary()));
    }
    properties.put("freshet.sync.read-database", url(readServer()));
    properties.put("freshet.sync.models", folder.resolve("models").toString());
    properties.put("freshet.sync.id", database);
    properties.putAll(more);
    return properties;
  }

  /** Where a log comes from. */
  String sources() {
    return url(primary());
  }

  String url(PostgresServer server) {
    return "postgresql://postgres:%s@127.0.0.1:%d/%s"
        .formatted(server.url().password(), server.port(), database);
  }

  /**
   * Declares models.
   *
   * @param texts by name
   */
  void models(Map<String, String> texts) throws Exception {
    for (var model : texts.entrySet()) {
      model(model.getKey(), model.getValue());
    }
  }

  void model(String name, String text) throws Exception {
    // Never seen half written.
    Path written = Files.writeString(folder.resolve(name + ".part"), text);
    Files.move(
        written,
        folder.resolve("models/" + name + ".sql"),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Waits until these models are live and all that is committed now is applied, then compares each
   * with its SELECT on the primary, row by row.
   */
  void awaitInStep(String... models) throws Exception {
    await(() -> !read("select to_regclass('freshet.model')").equals("null"));
    awaitApplied();
    await(
        () -> {
          for (String model : models) {
            String declared = Files.readString(folder.resolve("models/" + model + ".sql"));
            if (!read("select count(*) from freshet.model where name = '%s' and state = 'live' and declaration = $text$%s$text$"
                    .formatted(model, declared))
                .equals("1")) {
              return false;
            }
          }
          return true;
        });
    for (String model : models) {
      assertEqualToSelect(model);
    }
  }

  /**
   * What the primary can't answer may not be live; the rest of what is live is the same there.
   *
   * @return the models that were live, and so were compared
   */
  List<String> equalOfLive(Collection<String> models) throws Exception {
    List<String> compared = new ArrayList<>();
    for (String model : models) {
      if (read("select state from freshet.model where name = '%s'".formatted(model))
          .equals("live")) {
        assertEqualToSelect(model);
        compared.add(model);
      }
    }
    return compared;
  }

  private void assertEqualToSelect(String model) throws Exception {
    assertThat(read(hashes("read." + model, rowsLook)))
        .as(model)
        .isEqualTo(query(primary(), hashes("(" + select(model) + ")", rowsLook)));
  }

  private String select(String model) throws Exception {
    return Files.readString(folder.resolve("models/" + model + ".sql"))
        .replaceFirst("(?s)^\\s*/\\*.*?\\*/", "");
  }

  static String hashes(String relation) {
    return hashes(relation, "r::text");
  }

  private static String hashes(String relation, String rowsLook) {
    return "select count(*) || ' ' || coalesce(string_agg(%1$s, E'\\n' order by %1$s), '') from %2$s r"
        .formatted(rowsLook, relation);
  }

  /** Waits until all that is committed now is applied. */
  void awaitApplied() throws Exception {
    Lsn written;
    try (Connection connection = connect(primary())) {
      written = PrimaryPosition.ask(connection).lsn();
    }
    await(
        () ->
            !read("select to_regclass('freshet.position')").equals("null")
                && read("select state from freshet.position").equals("streaming")
                && Lsn.parse(read("select lsn from freshet.position")).compareTo(written) >= 0);
  }

  void awaitState(String state) throws Exception {
    await(() -> get("/api/sync").contains("\"state\":\"" + state + "\""));
  }

  interface Condition {
    boolean holds() throws Exception;
  }

  void await(Condition condition) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.holds()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError(
            "It did not happen; the sync says "
                + (sync == null
                    ? read("select string_agg(m::text, ' ') from freshet.model m")
                    : get("/api/sync") + get("/api/models")));
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  String get(String path) throws Exception {
    return send("GET", path).body();
  }

  HttpResponse<String> send(String method, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:"
                            + sync.getEnvironment().getProperty("local.server.port")
                            + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  Connection connect(PostgresServer server) throws SQLException {
    PostgresUrl url = PostgresUrl.parse(url(server));
    return DriverManager.getConnection(url.jdbcUrl(), url.user(), url.password());
  }

  void onPrimary(String sql) throws SQLException {
    execute(primary(), sql);
  }

  void execute(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  String read(String sql) throws SQLException {
    return query(readServer(), sql);
  }

  String query(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
      try (ResultSet row = statement.executeQuery(sql)) {
        row.next();
        return String.valueOf(row.getString(1));
      }
    }
  }
}
