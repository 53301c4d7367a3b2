package dev.freshet.bench.consistency;

import static dev.freshet.bench.consistency.Servers.await;

import dev.freshet.search.StoreNames;
import dev.freshet.searchnode.SearchNode;
import java.util.Map;
import java.util.regex.Pattern;

/** What goes wrong with a search store. */
final class StoreFaults {

  private static final int READS_BETWEEN_KILLS = 20;

  private static final String WRITING =
      "/_nodes/stats/thread_pool?filter_path=nodes.*.thread_pool.write.active";
  private static final Pattern WRITES = Pattern.compile("\"active\":[1-9]");
  private static final String READ_ONLY = "{\"persistent\":{\"cluster.blocks.read_only\":%s}}";
  private static final String ALIAS = "/" + StoreNames.alias("orders") + "/_alias";

  private StoreFaults() {}

  /** Kills it while it writes; it comes back, and is read again. */
  static void kill(Fault.Stage stage) throws Exception {
    KeptInStep kept = stage.system().kept();
    SearchNode store = kept.store().orElseThrow();
    long end = System.nanoTime() + stage.lasting().toNanos();
    boolean writes = false;
    while (!writes && System.nanoTime() < end) {
      writes = WRITES.matcher(kept.store("GET", WRITING, "")).find();
    }
    store.kill();
    stage.ledger().count(writes ? "search store killed while it wrote" : "search store killed");
    store.startAgain();
    store.awaitReady();
    await("the store is followed again", kept::isStreaming);
    long before = readsOfStore(stage);
    await("the store is read again", () -> readsOfStore(stage) > before + READS_BETWEEN_KILLS);
  }

  private static long readsOfStore(Fault.Stage stage) {
    return stage.ledger().counts().entrySet().stream()
        .filter(count -> count.getKey().startsWith("from kind=search"))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  static void makeReadOnly(Fault.Stage stage) throws Exception {
    KeptInStep kept = stage.system().kept();
    kept.store("PUT", "/_cluster/settings", READ_ONLY.formatted("true"));
    try {
      Fault.sleep(stage.lasting());
    } finally {
      kept.store("PUT", "/_cluster/settings", READ_ONLY.formatted("null"));
    }
    await("the store is followed again", kept::isStreaming);
  }

  /** Readers are led from the old rows to the rewritten ones. */
  static void rebuild(Fault.Stage stage) throws Exception {
    KeptInStep kept = stage.system().kept();
    String before = kept.store("GET", ALIAS, "");
    stage.system().sync("POST", "/api/models/orders/rebuild");
    await("the alias leads elsewhere", () -> !kept.store("GET", ALIAS, "").equals(before));
  }
}
