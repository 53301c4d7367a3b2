package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.protocol.Lsn;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** The source no longer has what the sync goes on from. */
class LostChangesIT extends SyncTest {

  private static final AtomicInteger CLUSTERS = new AtomicInteger();

  /** On a cluster of its own for each test: a promotion is for ever. */
  @Override
  @BeforeEach
  void makeDatabases() throws Exception {
    cluster.close();
    Path own = data.resolve("cluster" + CLUSTERS.incrementAndGet());
    cluster = Cluster.start(new ClusterOptions(own, 1, 1, CLUSTER_PORT, false));
    super.makeDatabases();
    onPrimary(
        """
        create table orders (id int primary key, note text);
        insert into orders select g, 'x' from generate_series(1, 10) g;
        """);
    model("orders", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync();
    awaitInStep("orders");
  }

  @Test
  void slotWhoseLogTheServerGaveUpLeadsToANewCopy() throws Exception {
    send("POST", "/api/sync/pause");
    awaitState("paused");
    setOnPrimary("alter system set max_slot_wal_keep_size = '1MB'");
    try {
      String slotIs = "select wal_status from pg_replication_slots where slot_name = '%s'";
      for (int i = 0; i < 100 && !query(primary(), slotIs.formatted(slot())).equals("lost"); i++) {
        onPrimary("select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))");
        onPrimary("select pg_switch_wal()");
        onPrimary("checkpoint");
      }
      assertThat(query(primary(), slotIs.formatted(slot()))).isEqualTo("lost");
    } finally {
      setOnPrimary("alter system reset max_slot_wal_keep_size");
    }
    onPrimary("update orders set note = 'y' where id = 3; delete from orders where id = 4");
    send("POST", "/api/sync/resume");
    awaitInStep("orders");
    onPrimary("insert into orders values (11, 'after')");
    awaitInStep("orders");
  }

  @Test
  void promotionThatLostNothingIsFollowedFromTheSlotThatTheReplicaHas() throws Exception {
    PostgresServer replica = cluster.replicas().getFirst();
    sync.close();
    sync = startOnEither(replica);
    awaitInStep("orders");
    // A copy would take this row away.
    execute(readServer(), "insert into public.orders values (-1, 'only here')");
    await(
        () -> {
          // The background writer logs one each 15 s, and a slot is synced from the next one on.
          onPrimary("select pg_log_standby_snapshot()");
          return query(
                  replica,
                  "select count(*) from pg_replication_slots where synced and not temporary and invalidation_reason is null")
              .equals("1");
        });
    onPrimary("insert into orders values (100, 'before')");
    await(() -> query(replica, "select count(*) from orders where id = 100").equals("1"));
    primary().process().orElseThrow().destroyForcibly();
    execute(replica, "select pg_promote()");
    execute(replica, "insert into orders values (200, 'after')");
    await(() -> read("select count(*) from read.orders where id in (100, 200)").equals("2"));
    assertThat(read("select count(*) from public.orders where id = -1")).isEqualTo("1");
    await(() -> read("select timeline from freshet.position").equals("2"));

    // The former primary comes back, read-write: nobody follows it.
    startAgain(primary());
    onPrimary("insert into orders values (300, 'former')");
    execute(replica, "insert into orders values (400, 'after')");
    await(() -> read("select count(*) from read.orders where id = 400").equals("1"));
    assertThat(read("select count(*) from read.orders where id = 300")).isEqualTo("0");
    sync.close();
    sync = startOnEither(replica);
    execute(replica, "insert into orders values (500, 'after')");
    await(() -> read("select count(*) from read.orders where id = 500").equals("1"));
  }

  @Test
  void promotionThatLostWhatWasAppliedLeadsToANewCopyOfWhatTheNewPrimaryHas() throws Exception {
    PostgresServer replica = cluster.replicas().getFirst();
    await(() -> query(replica, "select count(*) from orders").equals("10"));
    // Otherwise nothing is decoded that a replica lacks.
    setOnPrimary("alter system set synchronized_standby_slots = ''");
    set(replica, "alter system set primary_conninfo = ''");
    await(() -> query(replica, "select count(*) from pg_stat_wal_receiver").equals("0"));
    onPrimary("insert into orders values (100, 'lost')");
    awaitInStep("orders");

    execute(replica, "select pg_promote()");
    execute(replica, "insert into orders values (200, 'after')");
    // More is written than was lost, so that the position alone tells nothing.
    for (int i = 0; i < 50; i++) {
      execute(replica, "select pg_logical_emit_message(false, 'filler', repeat('x', 100000))");
    }
    assertThat(Lsn.parse(query(replica, "select pg_current_wal_lsn()")))
        .isGreaterThan(Lsn.parse(read("select lsn from freshet.position")));
    sync.close();
    sync = startSync(Map.of("freshet.sync.primary", url(replica)));
    await(() -> read("select count(*) from read.orders where id = 200").equals("1"));
    assertThat(read("select count(*) from read.orders where id = 100")).isEqualTo("0");
    assertThat(read(hashes("read.orders"))).isEqualTo(query(replica, hashes("orders")));
    assertThat(read("select timeline from freshet.position")).isEqualTo("2");

    // The old primary comes back: nothing of it may be applied any more.
    sync.close();
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync")).contains("it is an old primary");
    sync.close();
  }

  private ConfigurableApplicationContext startOnEither(PostgresServer replica) {
    String both = ":%d,127.0.0.1:%d".formatted(primary().port(), replica.port());
    return startSync(
        Map.of("freshet.sync.primary", url(primary()).replace(":" + primary().port(), both)));
  }

  private void setOnPrimary(String sql) throws Exception {
    set(primary(), sql);
  }

  private void set(PostgresServer server, String sql) throws Exception {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      statement.execute("select pg_reload_conf()");
    }
  }
}
