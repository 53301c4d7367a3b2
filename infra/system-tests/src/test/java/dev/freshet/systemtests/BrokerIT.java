package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole system with a broker between; and consumers that know nothing of Freshet. */
class BrokerIT {

  private static final int PORTS = 29_000;
  private static final String BROKER = "127.0.0.1:" + (PORTS + 300);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir static Path folder;

  private static UpProcess up;

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));

  @BeforeAll
  static void start() {
    up =
        UpProcess.start(
            folder.resolve("data"),
            PORTS,
            "--broker",
            "--replicas",
            "0",
            "--read-databases",
            "2",
            "--topics",
            "public.menu_item",
            "--outbox",
            "public.outbox");
    up.awaitReady();
  }

  @AfterAll
  static void stop() {
    up.close();
  }

  private static void onPrimary(String sql) throws SQLException {
    try (Connection connection = up.primary();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String ofReadDatabase(int number, String sql) throws SQLException {
    try (Connection connection = up.readDatabase(number);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  @Test
  void readDatabasesFollowOneLogByOneSlot() throws Exception {
    onPrimary("update menu_item set price = 9.75 where sku = 'margherita'");
    for (int number : new int[] {1, 2}) {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  ofReadDatabase(
                          number, "select price = 9.75 from read.menu where sku = 'margherita'")
                      .equals("t"));
    }
    try (Connection connection = up.primary();
        Statement statement = connection.createStatement();
        ResultSet slots =
            statement.executeQuery(
                "select string_agg(slot_name, ',') from pg_replication_slots where slot_type = 'logical'")) {
      slots.next();
      assertThat(slots.getString(1)).isEqualTo("freshet_log_freshet");
    }
    assertThat(calls.send("GET", up.operators() + "/api/status", "").body())
        .contains(
            "\"publish\":[{\"log\":\"kafka://%s/freshet\",\"state\":\"streaming\""
                .formatted(BROKER));
    CommandLine.Ended verified = CommandLine.run(Map.of(), "log", "verify", "--broker", BROKER);
    assertThat(verified.output()).contains("All is as it should be.");
    assertThat(verified.status()).isZero();
    assertThat(CommandLine.run(Map.of(), "log", "status", "--broker", BROKER).output())
        .contains("public.menu_item", "gaps      none");
    assertThat(CommandLine.run(Map.of(), "log", "cat", "--broker", BROKER).output())
        .contains("\"price\":\"9.75\"");
    CommandLine.Ended none =
        CommandLine.run(Map.of(), "log", "status", "--broker", BROKER, "--name", "none");
    assertThat(none.output())
        .isEqualTo("There is no log none on %s yet; freshet publish makes it\n".formatted(BROKER));
    assertThat(none.status()).isOne();
  }

  /** The two examples of the guide. */
  @Test
  void consumersOfOtherTeamsReadTablesAndTheOutbox() throws Exception {
    onPrimary(
        """
        alter table menu_item replica identity full;
        create table outbox (id uuid primary key default gen_random_uuid(), aggregatetype text, aggregateid text, type text, payload jsonb)
        """);
    Path node = Files.createDirectories(folder.resolve("node"));
    for (String file : List.of("package.json", "package-lock.json", "orders.mjs")) {
      Files.copy(example(file), node.resolve(file));
    }
    run(node, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error").waitFor();
    Process ofNode = run(node, "node", "orders.mjs", BROKER, "freshet.public.menu_item");
    // The publisher has seen the outbox once what is in it arrives.
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              onPrimary(
                  "update menu_item set price = price + 1 where sku = 'quattro'; insert into outbox (aggregatetype, aggregateid, type, payload) values ('Order', '42', 'OrderPlaced', '{\"total\": 7}')");
              return CommandLine.run(Map.of(), "log", "cat", "--broker", BROKER)
                  .output()
                  .contains("OrderPlaced");
            });
    Process ofJava =
        run(
            folder,
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path")
                + System.getProperty("path.separator")
                + System.getProperty("surefire.test.class.path", ""),
            example("Orders.java").toString(),
            BROKER,
            "outbox.event.Order");
    try {
      awaitOutput(node, "u {\"sku\":\"quattro\"} {");
      awaitOutput(folder, "42 {\"total\": 7}");
    } finally {
      ofNode.destroyForcibly().waitFor();
      ofJava.destroyForcibly().waitFor();
    }
  }

  private static Path example(String file) {
    return ProjectHome.path().resolve("clients/kafka").resolve(file);
  }

  private static Process run(Path folder, String... command) throws IOException {
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("out.txt").toFile())
        .start();
  }

  private static void awaitOutput(Path folder, String expected) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(Files.readString(folder.resolve("out.txt"))).contains(expected));
  }
}
