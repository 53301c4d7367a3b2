package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Debian's PostgreSQL 15 as the source of a read database on 18. */
class OldSourceIT extends SyncTest {

  private static final Path PROGRAMS = Path.of("/usr/lib/postgresql/15/bin");
  private static final int PORT = CLUSTER_PORT + 50;

  private Path old;

  @BeforeEach
  void startOldServer() throws Exception {
    assumeTrue(
        Files.exists(PROGRAMS.resolve("initdb")),
        "SKIPPED: PostgreSQL 15 is not installed. On Debian 12: apt-get install postgresql-15");
    old = Files.createTempDirectory("freshet-old-source-");
    if (isRoot()) {
      run(List.of("chown", "postgres", old.toString()));
    }
    program("initdb", "--pgdata=" + old.resolve("data"), "--username=postgres", "--auth=trust");
    program(
        "pg_ctl",
        "--pgdata=" + old.resolve("data"),
        "--log=" + old.resolve("log"),
        "--wait",
        "--options=-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c wal_level=logical -c fsync=off"
            .formatted(PORT),
        "start");
  }

  @AfterEach
  void stopOldServer() throws Exception {
    if (sync != null) {
      sync.close();
    }
    if (old != null && Files.exists(old.resolve("data/postmaster.pid"))) {
      program("pg_ctl", "--pgdata=" + old.resolve("data"), "--mode=immediate", "stop");
    }
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  /** PostgreSQL's programs refuse to be root. */
  private static void program(String name, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    if (isRoot()) {
      command.addAll(List.of("runuser", "-u", "postgres", "--"));
    }
    command.add(PROGRAMS.resolve(name).toString());
    command.addAll(List.of(arguments));
    run(command);
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor()).as(command.toString()).isZero();
  }

  @Test
  void modelsFollowASourceOfThreeVersionsBefore() throws Exception {
    assertThat(onOld("show server_version")).startsWith("15");
    onOld(
        """
        create type mood as enum ('sad', 'happy');
        create table orders (id int primary key, mood mood, amount numeric(10, 2));
        create table item (order_id int, line int, tags text[], primary key (order_id, line)) partition by hash (order_id);
        create table item_0 partition of item for values with (modulus 2, remainder 0);
        create table item_1 partition of item for values with (modulus 2, remainder 1);
        insert into orders select g, 'sad', g from generate_series(1, 50) g;
        insert into item select g, 1, array['a', null, g::text] from generate_series(1, 50) g;
        select 1
        """);
    model(
        "orders",
        "/* key: id */ select o.id, o.mood, o.amount, jsonb_agg(i.tags order by i.line) as tags from orders o left join item i on i.order_id = o.id group by o.id");
    model(
        "moods",
        "/* key: mood */ select o.mood, count(*) as n, sum(o.amount) as amount from orders o group by o.mood");
    sync =
        startSync(
            Map.of(
                "freshet.sync.primary",
                "postgresql://postgres@127.0.0.1:%d/postgres".formatted(PORT),
                "freshet.sync.views",
                true));
    await(() -> !read("select to_regclass('freshet.model')").equals("null"));
    await(() -> read("select count(*) from freshet.model where state = 'live'").equals("2"));
    onOld(
        """
        update orders set mood = 'happy', amount = amount + 0.5 where id % 3 = 0;
        delete from item where order_id < 10;
        alter table orders add column note text default 'n';
        update orders set note = 'x', id = id + 100 where id = 7;
        select 1
        """);
    for (String model : List.of("orders", "moods")) {
      String hashes = hashes("read." + model);
      await(() -> read(hashes).equals(onOld(hashes)));
    }
  }

  private static String onOld(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/postgres".formatted(PORT), "postgres", "");
        Statement statement = connection.createStatement()) {
      boolean rows = statement.execute(sql);
      while (!rows) {
        rows = statement.getMoreResults();
      }
      try (ResultSet result = statement.getResultSet()) {
        result.next();
        return String.valueOf(result.getString(1));
      }
    }
  }
}
