package dev.freshet.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path folder;

  private ClusterOptions options(int replicas, int readDatabases) {
    return new ClusterOptions(folder, replicas, readDatabases, 15_440, false);
  }

  @Test
  void writesReachTheReplicaAndSurviveAKillThatLeavesTheServersRunning() throws Exception {
    Cluster killed = Cluster.start(options(1, 1));
    execute(killed.primary(), "create table t (id int primary key)");
    execute(killed.primary(), "insert into t values (1)");
    awaitCount(killed.replicas().getFirst(), 1);
    assertThat(Files.getPosixFilePermissions(folder)).hasSize(3);

    killed.data().close(); // what a kill of the JVM leaves: the lock is gone, the servers live on
    assertThat(killed.primary().process()).isPresent();

    try (Cluster cluster = Cluster.start(options(1, 1))) {
      execute(cluster.primary(), "insert into t values (2)");
      awaitCount(cluster.replicas().getFirst(), 2);
    }
    assertThat(killed.primary().process()).isEmpty();
  }

  @Test
  void fewerReplicasDropTheSlotThatWouldHoldBackLogAndMoreMakeNewCopies() throws Exception {
    try (Cluster cluster = Cluster.start(options(2, 0))) {
      execute(cluster.primary(), "create table t (id int primary key)");
      assertThat(slots(cluster)).isEqualTo("replica_1,replica_2");
    }
    try (Cluster cluster = Cluster.start(options(0, 0))) {
      assertThat(slots(cluster)).isNull();
      execute(cluster.primary(), "insert into t values (1)");
    }
    try (Cluster cluster = Cluster.start(options(1, 0))) {
      awaitCount(cluster.replicas().getFirst(), 1);
    }
  }

  @Test
  void replicaThatWasPromotedIsThePrimaryFromTheNextStartOn() throws Exception {
    try (Cluster cluster = Cluster.start(options(2, 0))) {
      execute(cluster.primary(), "create table t (id int primary key)");
      execute(cluster.primary(), "insert into t values (1)");
      PostgresServer promoted = cluster.replicas().getLast();
      awaitCount(promoted, 1);
      execute(promoted, "select pg_promote()");
      execute(promoted, "insert into t values (2)");
      execute(cluster.primary(), "insert into t select generate_series(11, 15)");
    }
    // Fewer replicas are asked for, and what was promoted is not forgotten with them.
    try (Cluster cluster = Cluster.start(options(1, 0))) {
      assertThat(cluster.succession().orElseThrow())
          .startsWith("replica-2 was promoted, and is the primary now")
          .contains(folder.resolve("former-primary-1").toString());
      awaitCount(cluster.primary(), 2);
      execute(cluster.primary(), "insert into t values (3)");
      awaitCount(cluster.replicas().getFirst(), 3);
      assertThat(folder.resolve("former-primary-1/PG_VERSION")).exists();
    }
    try (Cluster cluster = Cluster.start(options(1, 0))) {
      assertThat(cluster.succession()).isEmpty();
      awaitCount(cluster.replicas().getFirst(), 3);
    }
  }

  @Test
  void startWaitsForWhatAKilledServerLeftBehind() throws Exception {
    try (Cluster cluster = Cluster.start(options(0, 0));
        Connection open = cluster.primary().connect();
        Statement statement = open.createStatement();
        ResultSet backend = statement.executeQuery("select pg_backend_pid()")) {
      assertThat(backend.next()).isTrue();
      String orphan = backend.getString(1);
      signal("STOP", orphan);
      cluster.primary().process().orElseThrow().destroyForcibly();
      cluster.primary().process().ifPresent(server -> server.onExit().join());

      CompletableFuture<Void> released =
          CompletableFuture.runAsync(
              () -> signal("CONT", orphan), CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS));
      cluster.primary().startAgain();

      assertThat(released).isDone();
      execute(cluster.primary(), "select 1");
    }
  }

  private static void signal(String name, String process) {
    try {
      assertThat(new ProcessBuilder("kill", "-" + name, process).start().waitFor()).isZero();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void passwordIsAskedFor() {
    try (Cluster cluster = Cluster.start(options(0, 0))) {
      String wrong =
          "jdbc:postgresql://127.0.0.1:%d/freshet?user=postgres&password=wrong"
              .formatted(cluster.primary().port());
      assertThatThrownBy(() -> java.sql.DriverManager.getConnection(wrong))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("password authentication failed");
    }
  }

  @Test
  void takenPortIsNamedBeforeAnythingStarts() throws Exception {
    try (ServerSocket taken = new ServerSocket(15_460, 1, InetAddress.getLoopbackAddress())) {
      assertThat(taken.isBound()).isTrue();
      assertThatThrownBy(() -> Cluster.start(options(0, 1)))
          .isInstanceOf(ClusterException.class)
          .hasMessageContaining("Port 15460, for PostgreSQL read-1, is taken")
          .hasMessageContaining("--database-port-base");
    }
    assertThat(folder.resolve("primary")).doesNotExist();
  }

  @Test
  void folderInUseIsRefused() {
    try (DataFolder held = DataFolder.open(folder)) {
      assertThat(held.pgpass()).exists();
      assertThatThrownBy(() -> Cluster.start(options(0, 0)))
          .hasMessageContaining("in use by another freshet");
    }
  }

  @Test
  void folderOfSomebodyElseIsLeftAlone() throws Exception {
    Files.writeString(folder.resolve("letter"), "dear");
    Set<PosixFilePermission> before = Files.getPosixFilePermissions(folder);
    assertThatThrownBy(() -> Cluster.start(options(0, 0)))
        .hasMessageContaining("holds files that are not freshet's");
    assertThat(Files.getPosixFilePermissions(folder)).isEqualTo(before);
    assertThat(folder.resolve("lock")).doesNotExist();
  }

  @Test
  void folderOfAnotherVersionIsNamed() throws Exception {
    Files.createFile(folder.resolve("lock"));
    Files.createDirectories(folder.resolve("primary"));
    Files.writeString(folder.resolve("primary/PG_VERSION"), "9\n");
    assertThatThrownBy(() -> Cluster.start(options(0, 0)))
        .hasMessageContaining("was made by PostgreSQL 9, and this is PostgreSQL 18");
  }

  private static void execute(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String slots(Cluster cluster) throws SQLException {
    return single(
        cluster.primary(),
        "select string_agg(slot_name, ',' order by slot_name) from pg_replication_slots");
  }

  private static void awaitCount(PostgresServer replica, int rows) throws SQLException {
    Instant end = Instant.now().plus(PATIENCE);
    String found = "";
    while (Instant.now().isBefore(end)) {
      found =
          single(
              replica,
              "select case when to_regclass('t') is null then -1 else (xpath('/row/c/text()', query_to_xml('select count(*) as c from t', false, true, '')))[1]::text::int end");
      if (found.equals(Integer.toString(rows))) {
        return;
      }
    }
    throw new AssertionError("expected %d rows on %s, found %s".formatted(rows, replica, found));
  }

  private static String single(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
