package dev.freshet.bench.consistency;

import static dev.freshet.bench.consistency.Servers.await;
import static dev.freshet.bench.consistency.Servers.query;

import dev.freshet.searchnode.SearchNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is done to a bank while its clients go on.
 *
 * @param idle set while clients may not write
 * @param busy how many write
 */
record BankBlows(WholeSystem system, AtomicBoolean idle, AtomicInteger busy) {

  /** One of them. */
  interface Blow {
    void strike() throws Exception;
  }

  /** All of them by name, in order; none where it is calm. */
  Map<String, Blow> of(Topology topology, boolean isCalm) {
    return isCalm ? Map.of() : topology == Topology.STORE ? blowsToStore() : blowsToAll();
  }

  private Map<String, Blow> blowsToStore() {
    Map<String, Blow> blows = new LinkedHashMap<>();
    blows.put("reader killed", () -> system.part(KeptInStep.STORE_READER).killAndStart());
    blows.put(
        "search store killed",
        () -> {
          SearchNode store = system.kept().store().orElseThrow();
          store.kill();
          store.startAgain();
          store.awaitReady();
        });
    blows.put("follower killed", () -> system.part("follower").killAndStart());
    return blows;
  }

  private Map<String, Blow> blowsToAll() {
    Map<String, Blow> blows = new LinkedHashMap<>();
    blows.put("writer killed", () -> system.part("write-1").killAndStart());
    blows.put(
        "primary killed",
        () -> {
          system.killFormerPrimary();
          system.startFormerPrimary();
        });
    blows.put("reader killed", () -> system.part("read-1").killAndStart());
    blows.put("writer killed again", () -> system.part("write-1").killAndStart());
    blows.put("sync killed", () -> system.part("sync").killAndStart());
    blows.put("gateway killed", () -> system.part("gateway").killAndStart());
    blows.put("primary replaced", () -> promote());
    blows.put("writer killed after that", () -> system.part("write-1").killAndStart());
    return blows;
  }

  /** Replicas are behind by what is under way; nothing is, so that nothing is lost. */
  private void promote() throws Exception {
    idle.set(true);
    await("nobody writes", () -> busy.get() == 0);
    Servers.run(system.primary(), "select pg_switch_wal()");
    String end = query(system.primary(), "select pg_current_wal_lsn()");
    for (int replica = 1; replica <= 2; replica++) {
      int number = replica;
      await(
          "the replica has everything",
          () ->
              query(
                      system.replica(number),
                      "select pg_last_wal_replay_lsn() >= '%s'".formatted(end))
                  .equals("t"));
    }
    // Without the slot everything would be copied again, and the order of events with it.
    await(
        "the replica has the sync's slot",
        () ->
            query(
                    system.replica(1),
                    "select coalesce(bool_or(synced and not temporary and invalidation_reason is null), false) from pg_replication_slots where slot_type = 'logical'")
                .equals("t"));
    system.killFormerPrimary();
    system.promote();
    idle.set(false);
  }
}
