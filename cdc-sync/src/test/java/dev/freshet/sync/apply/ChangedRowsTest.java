package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelShape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What one batch changes in a model's rows. */
class ChangedRowsTest {

  private static final ModelShape SHAPE =
      new ModelShape(
          "lines",
          List.of("total", "order_id", "line"),
          List.of("numeric", "integer", "integer"),
          List.of("order_id", "line"));

  private final ChangedRows changed = new ChangedRows("lines");

  @Test
  void lastWordOnARowCounts() {
    changed.upserted(SHAPE, List.of("1.00", "1", "1"));
    changed.removed(SHAPE, List.of("1.00", "1", "1"));
    changed.removed(SHAPE, List.of("2.00", "1", "2"));
    changed.upserted(SHAPE, List.of("2.50", "1", "2"));
    changed.upserted(SHAPE, List.of("2.75", "1", "2"));
    assertThat(changed.delta())
        .contains(
            new ModelDelta.Rows(
                SHAPE,
                Set.of(List.of("1", "1")),
                Map.of(List.of("1", "2"), List.of("2.75", "1", "2"))));
  }

  @Test
  void nothingIsNoDelta() {
    assertThat(changed.delta()).isEmpty();
  }

  @Test
  void resetForgetsRowsAndWantsNoMore() {
    changed.upserted(SHAPE, List.of("1.00", "1", "1"));
    changed.reset("A test.");
    changed.upserted(SHAPE, List.of("2.00", "1", "2"));
    changed.reset("Another.");
    assertThat(changed.wantsRows()).isFalse();
    assertThat(changed.delta()).contains(new ModelDelta.Reset("lines", "A test."));
  }

  @Test
  void tooManyRowsAreAReset() {
    for (int i = 0; i < ChangedRows.MOST_KEYS; i++) {
      changed.upserted(SHAPE, List.of("1.00", "" + i, "1"));
    }
    assertThat(changed.wantsRows()).isTrue();
    changed.removed(SHAPE, List.of("1.00", "-1", "1"));
    assertThat(changed.delta().orElseThrow()).isInstanceOf(ModelDelta.Reset.class);
  }
}
