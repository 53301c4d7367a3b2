package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.protocol.Lsn;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A primary with a replica, for each test: a promotion is for ever. */
abstract class PromotionTest extends SyncTest {

  private static final AtomicInteger CLUSTERS = new AtomicInteger();

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

  @AfterEach
  void startFormerPrimary() {
    if (primary().process().isEmpty()) {
      startAgain(primary());
    }
  }

  final PostgresServer replica() {
    return cluster.replicas().getFirst();
  }

  /** Either of the two, whichever is the primary. */
  final String either() {
    return url(primary())
        .replace(
            ":" + primary().port(),
            ":%d,127.0.0.1:%d".formatted(primary().port(), replica().port()));
  }

  /** Waits until the replica could take the slot's place. */
  final void awaitSlotOfReplica() throws Exception {
    await(
        () -> {
          // The background writer logs one each 15 s, and a slot is synced from the next one on.
          onPrimary("select pg_log_standby_snapshot()");
          return query(
                  replica(),
                  "select count(*) from pg_replication_slots where synced and not temporary and invalidation_reason is null")
              .equals("1");
        });
  }

  /** Cuts the replica off, so that it lacks what is written from now on. */
  final void cutOff() throws Exception {
    await(() -> query(replica(), "select count(*) from orders").equals("10"));
    // Otherwise nothing is decoded that a replica lacks.
    setOnPrimary("alter system set synchronized_standby_slots = ''");
    set(replica(), "alter system set primary_conninfo = ''");
    await(() -> query(replica(), "select count(*) from pg_stat_wal_receiver").equals("0"));
  }

  /**
   * Promotes the replica, and writes more than was lost, so that the position alone tells nothing.
   */
  final void promoteAndGoOn() throws Exception {
    execute(replica(), "select pg_promote()");
    execute(replica(), "insert into orders values (200, 'after')");
    for (int i = 0; i < 50; i++) {
      execute(replica(), "select pg_logical_emit_message(false, 'filler', repeat('x', 100000))");
    }
    assertThat(Lsn.parse(query(replica(), "select pg_current_wal_lsn()")))
        .isGreaterThan(Lsn.parse(read("select lsn from freshet.position")));
  }

  final void setOnPrimary(String sql) throws Exception {
    set(primary(), sql);
  }

  final void set(PostgresServer server, String sql) throws Exception {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      statement.execute("select pg_reload_conf()");
    }
  }
}
