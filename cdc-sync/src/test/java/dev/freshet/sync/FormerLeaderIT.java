package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.apply.PositionStore;
import dev.freshet.sync.capture.Changes;
import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.capture.SourceTransaction;
import dev.freshet.sync.model.TableName;
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

  private static SourceTransaction insert(Lsn end, String id) {
    Changes changes = new Changes();
    changes.add(new RowChange.Upsert(ORDERS, List.of(id, "late"), null));
    return new SourceTransaction(end, Instant.now(), changes, null);
  }

  private static Lsn later(Position position, int bytes) {
    return new Lsn(position.lsn().value() + bytes);
  }

  @Test
  void formerLeaderAppliesNothingThoughNothingWasAppliedSince() throws Exception {
    copyOnce();
    try (Applier former = new Applier(connect(readServer()));
        Applier next = new Applier(connect(readServer()))) {
      PositionStore.Stored before = former.positions().takeOver();
      former.resume(before);
      assertThat(next.positions().takeOver().position()).isEqualTo(before.position());
      String kept = kept();
      assertThatThrownBy(
              () ->
                  former.apply(
                      List.of(insert(later(before.position(), 8), "2")),
                      before.position().timeline()))
          .hasMessageContaining(FENCED);
      assertThat(kept()).isEqualTo(kept);
      assertThatThrownBy(() -> former.beginCopy(before.systemIdentifier(), before.epoch()))
          .hasMessageContaining(FENCED);
      assertThatThrownBy(() -> former.completeCopy(before.position())).hasMessageContaining(FENCED);
      assertThatThrownBy(
              () -> former.between(sql -> sql.run("update freshet.model set reason = 'late'")))
          .hasMessageContaining(FENCED);
      assertThat(kept()).isEqualTo(kept);
    }
  }

  @Test
  void sameEpochFromAnotherPositionAppliesNothingEither() throws Exception {
    copyOnce();
    try (Applier one = new Applier(connect(readServer()));
        Applier twin = new Applier(connect(readServer()))) {
      PositionStore.Stored stored = one.positions().takeOver();
      one.resume(stored);
      twin.resume(stored);
      int timeline = stored.position().timeline();
      one.apply(List.of(insert(later(stored.position(), 8), "2")), timeline);
      String kept = kept();
      assertThat(kept).contains("(2,late)");
      assertThatThrownBy(
              () -> twin.apply(List.of(insert(later(stored.position(), 16), "3")), timeline))
          .hasMessageContaining(FENCED);
      assertThat(kept()).isEqualTo(kept);
    }
  }
}
