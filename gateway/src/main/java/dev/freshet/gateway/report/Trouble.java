package dev.freshet.gateway.report;

import java.util.Locale;

/** What can be wrong, the worst first. Each has a chapter of its own in the runbook. */
enum Trouble {
  POOL_WITHOUT_INSTANCE(
      "Look at why its instances are out of use, below, and start or ready one of them."),
  POOL_DRAINED("Put one of its instances back into use."),
  WRITES_REFUSED("Look at the instances of the pool that takes writes, and at their database."),
  WRITES_FAILING("Look at the log of the instance that is named, and at its database."),
  READS_REFUSED("Look at which copies are out of use or behind, below."),
  READS_FAILING("Look at the log of the instance that is named, and at its database."),
  POOL_IN_PANIC("Look at why its instances are not healthy, below; bring them back or add others."),
  WRITES_UNPLACED("Name the primary's database in routes.yaml (primary)."),
  TOKENS_UNCHECKED("Look at the issuer's address and keys, in routes.yaml (jwt)."),
  SLOT_LOST(
      "No action needed: the read databases behind it copy their tables again. To keep it from happening, raise max_slot_wal_keep_size on the primary."),
  PUBLISHER_REFUSED("Do what its reason says; it looks again by itself."),
  PUBLISHER_UNREACHABLE("Start the publisher, or correct its address in routes.yaml (publish)."),
  PUBLISHER_INTERRUPTED(
      "It tries again by itself. Look at the broker or the database that its reason names."),
  SYNC_REFUSED("Do what its reason says; it looks again by itself."),
  SYNC_UNREACHABLE("Start the sync, or correct its address in routes.yaml (sync)."),
  SYNC_INTERRUPTED("It tries again by itself. Look at the database that its reason names."),
  SYNC_STUCK("Look at its log; a restart of the sync goes on from what was applied."),
  SYNC_PAUSED("Resume it: the primary keeps its log for it meanwhile."),
  INSTANCE_DOWN("Start it, or take it out of routes.yaml."),
  INSTANCE_NOT_READY("Look at its database and at its log."),
  INSTANCE_EJECTED("It comes back by itself. Look at its log if it is ejected again."),
  POOL_ONE_LEFT("Bring the others back before the last one fails, too."),
  INSTANCE_STUCK("Look at what it follows: its connection to the primary, or its sync."),
  READS_SLOW("Look at the load of the instances, and at the time that reads wait for copies."),
  SYNC_COPYING("Wait: the read database serves once it is copied."),
  SLOT_SHORT("Find out why the sync is behind, or raise max_slot_wal_keep_size on the primary."),
  REPLAY_PAUSED("On that replica: select pg_wal_replay_resume()."),
  COPY_BEHIND("Look at its load, and at the edge that is behind in the flow."),
  FOLLOWER_SILENT(
      "Start the store's follower, or delete the store's row in freshet.store if it is gone for good."),
  FOLLOWER_INTERRUPTED(
      "It tries again by itself. Look at the store that its reason names: reads go to other copies."),
  STORE_LACKS_MODEL("Do what its reason says. Other copies answer meanwhile."),
  MODEL_STOPPED("Do what its reason says; the reason says, too, which copies answer meanwhile."),
  MODEL_FAULTY("Settle its dead letters: fix the cause and retry them, or discard them."),
  DEAD_LETTERS("Fix the cause and retry them, or discard them."),
  COMMAND_NOT_READY(
      "Bring the schema and the file together; ./freshet commands list tells all of it."),
  COMMAND_REFUSED("Correct the file. ./freshet commands check tells all that is wrong."),
  ROUTES_REFUSED("Correct routes.yaml. ./freshet routes validate lists all problems.");

  private final String remedy;

  Trouble(String remedy) {
    this.remedy = remedy;
  }

  /** Its stable name, which is also its anchor in the runbook. */
  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What to do, in a sentence. */
  String remedy() {
    return remedy;
  }
}
