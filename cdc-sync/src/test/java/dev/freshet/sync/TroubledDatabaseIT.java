package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Databases that answer nothing, or have no room: it is said, and ends by itself. */
class TroubledDatabaseIT extends SyncTest {

  /** Of the file system that gets full. */
  private static final int MEGABYTES = 40;

  private void startInStep() throws Exception {
    onPrimary("create table orders (id int primary key, note text); insert into orders values (1)");
    model("orders", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync();
    awaitInStep("orders");
  }

  /** Its connections stay open, as they do when a network swallows everything. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void databaseThatAnswersNothingIsGivenUpAndTakenBack(boolean isSource) throws Exception {
    startInStep();
    PostgresServer silent = isSource ? primary() : readServer();
    signal("STOP", silent);
    try {
      awaitState("retrying");
      assertThat(get("/api/sync"))
          .contains("The %s at ".formatted(isSource ? "source" : "read database"))
          .contains("%d/%s has not answered".formatted(silent.port(), database));
      if (!isSource) {
        HttpResponse<String> models = send("GET", "/api/models");
        assertThat(models.statusCode()).isEqualTo(503);
        assertThat(models.body()).contains("database-unavailable");
      }
    } finally {
      signal("CONT", silent);
    }
    awaitState("streaming");
    onPrimary("insert into orders values (2)");
    awaitInStep("orders");
  }

  /** The primary keeps its log for a sync whose read database is gone, which fills its disk. */
  @Test
  void slotIsLookedAtWhileTheReadDatabaseIsDown() throws Exception {
    startInStep();
    readServer().stop();
    try {
      awaitState("retrying");
      await(() -> slotFigure("slotRetainedBytes") != null);
      long before = Objects.requireNonNull(slotFigure("slotRetainedBytes"));
      onPrimary("insert into orders select n, repeat('x', 1000) from generate_series(2, 20000) n");
      await(
          () -> {
            Long retained = slotFigure("slotRetainedBytes");
            return retained != null && retained > before + (10 << 20);
          });
      assertThat(get("/api/sync")).contains("\"state\":\"retrying\"", "\"slotLost\":false");
      assertThat(get("/actuator/prometheus"))
          .containsPattern("freshet_slot_retained_bytes\\{.*} [1-9]")
          .containsPattern("freshet_slot_lost\\{.*} 0");
    } finally {
      startAgain(readServer());
    }
    awaitInStep("orders");
    await(() -> Objects.requireNonNull(slotFigure("slotRetainedBytes")) < 10 << 20);
  }

  private @Nullable Long slotFigure(String name) throws Exception {
    Matcher figure = Pattern.compile("\"%s\":(\\d+)".formatted(name)).matcher(get("/api/sync"));
    return figure.find() ? Long.valueOf(figure.group(1)) : null;
  }

  /** A server that waits in a statement is no silent one. */
  @Test
  void databaseThatTakesLongIsWaitedFor() throws Exception {
    startInStep();
    try (Connection connection = connect(readServer());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("lock table read.orders in access exclusive mode");
      onPrimary("insert into orders values (2)");
      statement.execute("select pg_sleep(20)");
      assertThat(get("/api/sync")).contains("\"state\":\"streaming\"");
    }
    awaitInStep("orders");
  }

  private static void signal(String name, PostgresServer server)
      throws IOException, InterruptedException {
    ProcessHandle process = server.process().orElseThrow();
    for (ProcessHandle one : Stream.concat(Stream.of(process), process.descendants()).toList()) {
      // A child may have ended by now.
      new ProcessBuilder("kill", "-" + name, Long.toString(one.pid())).start().waitFor();
    }
  }

  private static int command(String... words) throws IOException, InterruptedException {
    return new ProcessBuilder(words).inheritIO().start().waitFor();
  }

  @Test
  void fullDiskOfTheReadDatabaseIsSaidAndTheSyncGoesOnWhenThereIsRoom() throws Exception {
    Path small = Files.createDirectories(folder.resolve("small"));
    assumeTrue(
        command("mount", "-t", "tmpfs", "-o", "size=" + MEGABYTES + "m", "tmpfs", small.toString())
            == 0,
        "SKIPPED: a full disk needs a small file system, which only root can mount");
    try {
      Path place = Files.createDirectories(small.resolve("place"));
      execute(readServer(), "create tablespace %s location '%s'".formatted(database, place));
      execute(readServer(), "alter database %s set default_tablespace = %1$s".formatted(database));
      startInStep();
      Path filler = fill(small);
      onPrimary("insert into orders select n, repeat('x', 1000) from generate_series(2, 10000) n");
      awaitState("retrying");
      await(() -> get("/api/sync").contains("No space left on device"));
      Files.delete(filler);
      awaitInStep("orders");
      awaitState("streaming");
      assertThat(get("/api/dead-letters")).isEqualTo("[]");
    } finally {
      stopSync();
      execute(
          readServer(),
          "drop schema if exists read, freshet, public cascade; alter database %s reset default_tablespace"
              .formatted(database));
      try (Connection connection = readServer().connect();
          Statement statement = connection.createStatement()) {
        statement.execute("drop database %s with (force)".formatted(database));
        statement.execute("drop tablespace " + database);
        statement.execute("create database " + database);
      }
      assertThat(command("umount", small.toString())).isZero();
    }
  }

  /** Leaves a megabyte, in which what is small still finds room. */
  private static Path fill(Path folder) throws IOException {
    FileStore store = Files.getFileStore(folder);
    Path filler = folder.resolve("filler");
    try (RandomAccessFile file = new RandomAccessFile(filler.toFile(), "rw")) {
      byte[] block = new byte[64 * 1024];
      while (store.getUsableSpace() > 1 << 20) {
        file.write(block);
      }
    }
    return filler;
  }
}
