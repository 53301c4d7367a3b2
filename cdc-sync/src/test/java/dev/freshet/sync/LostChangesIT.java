package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.cluster.PostgresServer;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The source no longer has what the sync goes on from. */
class LostChangesIT extends PromotionTest {

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
    PostgresServer replica = replica();
    sync.close();
    sync = startSync(Map.of("freshet.sync.primary", either()));
    awaitInStep("orders");
    // A copy would take this row away.
    execute(readServer(), "insert into public.orders values (-1, 'only here')");
    awaitSlotOfReplica();
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
    sync = startSync(Map.of("freshet.sync.primary", either()));
    execute(replica, "insert into orders values (500, 'after')");
    await(() -> read("select count(*) from read.orders where id = 500").equals("1"));
  }

  @Test
  void promotionThatLostWhatWasAppliedLeadsToANewCopyOfWhatTheNewPrimaryHas() throws Exception {
    PostgresServer replica = replica();
    cutOff();
    onPrimary("insert into orders values (100, 'lost')");
    awaitInStep("orders");

    promoteAndGoOn();
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
}
