package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.apply.Stores;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A leader that slept while another one took over, and wakes with its connection alive: the fence
 * is the row of the position, which only moves from where its writer stands, in its writer's epoch.
 */
class FormerLeaderIT extends SyncTest {

  private static final String FENCED = "Another process has taken over this read database";

  private static final TableName ORDERS = new TableName("public", "orders");

  private void copyOnce() throws Exception {
    onPrimary(
        "create table orders (id int primary key, note text); insert into orders values (1, 'first')");
    model("orders", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync();
    awaitInStep("orders");
    sync.close();
  }

  /** All that a leader writes: rows, what is known of models, the position. */
  private String kept() throws Exception {
    return read(hashes("read.orders"))
        + read(hashes("public.orders"))
        + read(hashes("freshet.model"))
        + read(hashes("freshet.dead_letter"))
        + read(hashes("freshet.position"));
  }

  private static SourceTransaction insert(Place end, String id) {
    Changes changes = new Changes();
    changes.add(new RowChange.Upsert(ORDERS, List.of(id, "late"), null));
    return new SourceTransaction(end, Instant.now(), changes, null);
  }

  private static Place later(Place place, int bytes) {
    return new Place(place.epoch(), place.value() + bytes);
  }

  @Test
  void formerLeaderAppliesNothingThoughNothingWasAppliedSince() throws Exception {
    copyOnce();
    try (Stores stores = Stores.on(connect(readServer()));
        Stores others = Stores.on(connect(readServer()))) {
      PositionStore.Stored before = stores.positions().takeOver();
      Applier former = new Applier(stores, before);
      former.resume();
      assertThat(others.positions().takeOver().place()).isEqualTo(before.place());
      String kept = kept();
      assertThatThrownBy(() -> former.apply(List.of(insert(later(before.place(), 8), "2"))))
          .hasMessageContaining(FENCED);
      assertThat(kept()).isEqualTo(kept);
      assertThatThrownBy(() -> former.beginCopy(before.systemIdentifier()))
          .hasMessageContaining(FENCED);
      assertThatThrownBy(() -> former.completeCopy(before.place())).hasMessageContaining(FENCED);
      assertThatThrownBy(
              () ->
                  former.between(
                      registry -> registry.sql().run("update freshet.model set reason = 'late'")))
          .hasMessageContaining(FENCED);
      assertThat(kept()).isEqualTo(kept);
    }
  }

  @Test
  void sameEpochFromAnotherPositionAppliesNothingEither() throws Exception {
    copyOnce();
    try (Stores stores = Stores.on(connect(readServer()));
        Stores others = Stores.on(connect(readServer()))) {
      PositionStore.Stored stored = stores.positions().takeOver();
      Applier one = new Applier(stores, stored);
      one.resume();
      Applier twin = new Applier(others, stored);
      twin.resume();
      one.apply(List.of(insert(later(stored.place(), 8), "2")));
      String kept = kept();
      assertThat(kept).contains("(2,late)");
      assertThatThrownBy(() -> twin.apply(List.of(insert(later(stored.place(), 16), "3"))))
          .hasMessageContaining(FENCED);
      assertThat(kept()).isEqualTo(kept);
    }
  }
}
