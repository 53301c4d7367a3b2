package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.source.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who is told what changes in the models, and what of. */
class DeltasTest {

  private static final ModelShape SHAPE =
      new ModelShape("orders", List.of("id"), List.of("integer"), List.of("id"));

  private final Deltas deltas = new Deltas();
  private final List<ModelDeltas> told = new ArrayList<>();

  private void change(String id) {
    Objects.requireNonNull(deltas.of("orders")).upserted(SHAPE, List.of(id));
  }

  @Test
  void nothingIsNotedWhileNobodyListens() {
    assertThat(deltas.of("orders")).isNull();
  }

  @Test
  void whoeverBeginsToListenHasNoRowsYet() {
    deltas.add(told::add, new Place(1, 5), Set.of("orders"));
    assertThat(told).hasSize(1);
    assertThat(told.getFirst().place()).isEqualTo(new Place(1, 5));
    assertThat(told.getFirst().models().getFirst()).isInstanceOf(ModelDelta.Reset.class);
  }

  @Test
  void whatWasRolledBackIsNotTold() {
    deltas.add(told::add, new Place(1, 5), Set.of());
    deltas.begin();
    change("rolled back");
    deltas.begin();
    change("committed");
    deltas.tell(new Place(1, 6), Set.of("orders"));
    deltas.tell(new Place(1, 7), Set.of("orders"));
    ModelDelta.Rows rows = (ModelDelta.Rows) told.get(1).models().getFirst();
    assertThat(rows.upserted().keySet()).containsExactly(List.of("committed"));
    assertThat(told.get(2)).isEqualTo(new ModelDeltas(new Place(1, 7), List.of()));
  }

  @Test
  void whoMissedSomethingStartsAnew() {
    List<ModelDeltas> taken = new ArrayList<>();
    boolean[] fails = {false};
    deltas.add(
        deltas -> {
          if (fails[0]) {
            throw new IllegalStateException("a test");
          }
          taken.add(deltas);
        },
        new Place(1, 5),
        Set.of());
    deltas.add(told::add, new Place(1, 5), Set.of());
    fails[0] = true;
    change("missed");
    deltas.tell(new Place(1, 6), Set.of("orders"));
    fails[0] = false;
    change("after it");
    deltas.tell(new Place(1, 7), Set.of("orders"));
    change("at last");
    deltas.tell(new Place(1, 8), Set.of("orders"));
    assertThat(taken).hasSize(3);
    assertThat(taken.get(1).models().getFirst()).isInstanceOf(ModelDelta.Reset.class);
    assertThat(taken.get(2).models().getFirst()).isInstanceOf(ModelDelta.Rows.class);
    assertThat(told).hasSize(4);
    assertThat(told.get(1).models().getFirst()).isInstanceOf(ModelDelta.Rows.class);
  }
}
