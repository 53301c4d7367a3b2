package dev.freshet.sync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.source.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who is told what changes in the models, and what of. */
class DeltasTest {

  private static final ModelShape SHAPE =
      new ModelShape("orders", List.of("id"), List.of("integer"), List.of("id"));

  private final Deltas deltas = new Deltas();
  private final Heard heard = new Heard();

  /** Writes down what it is told, unless it fails. */
  private static final class Heard implements DeltaListener {

    private final List<Object> told = new ArrayList<>();
    private boolean fails;

    @Override
    public void begin(Place at) {
      hear(at);
    }

    @Override
    public void changed(ModelDeltas deltas) {
      hear(deltas);
    }

    private void hear(Object what) {
      if (fails) {
        throw new IllegalStateException("a test");
      }
      told.add(what);
    }
  }

  private static ModelDeltas rows(int place, String id) {
    return new ModelDeltas(
        new Place(1, place),
        List.of(new ModelDelta.Rows(SHAPE, Set.of(), Map.of(List.of(id), List.of(id)))));
  }

  private void change(String id) {
    Objects.requireNonNull(deltas.noteFor("orders")).upserted(SHAPE, List.of(id));
  }

  @Test
  void nothingIsNotedWhileNobodyListens() {
    assertThat(deltas.noteFor("orders")).isNull();
  }

  @Test
  void listenerBeginsAtThePlaceThatIsApplied() {
    deltas.add(heard, new Place(1, 5), List.of("stopped"));
    assertThat(heard.told).hasSize(2).startsWith(new Place(1, 5));
    assertThat(((ModelDeltas) heard.told.get(1)).models())
        .singleElement()
        .isInstanceOf(ModelDelta.Reset.class)
        .returns("stopped", ModelDelta::model);
  }

  @Test
  void whatWasRolledBackIsNotTold() {
    deltas.add(heard, new Place(1, 5), List.of());
    deltas.begin(Set.of());
    change("rolled back");
    deltas.begin(Set.of());
    change("committed");
    deltas.tell(new Place(1, 6));
    assertThat(heard.told).containsExactly(new Place(1, 5), rows(6, "committed"));
  }

  @Test
  void placeAloneIsToldOnce() {
    deltas.add(heard, new Place(1, 5), List.of());
    deltas.tell(new Place(1, 6));
    deltas.tell(new Place(1, 6));
    assertThat(heard.told)
        .containsExactly(new Place(1, 5), new ModelDeltas(new Place(1, 6), List.of()));
  }

  @Test
  void whoMissedSomethingBeginsAnewAndOthersDoNot() {
    Heard other = new Heard();
    deltas.add(heard, new Place(1, 5), List.of());
    deltas.add(other, new Place(1, 5), List.of());
    heard.fails = true;
    change("missed");
    deltas.tell(new Place(1, 6));
    heard.fails = false;
    change("after it");
    deltas.tell(new Place(1, 7));
    change("at last");
    deltas.tell(new Place(1, 8));
    assertThat(heard.told).containsExactly(new Place(1, 5), new Place(1, 7), rows(8, "at last"));
    assertThat(other.told)
        .containsExactly(
            new Place(1, 5), rows(6, "missed"), rows(7, "after it"), rows(8, "at last"));
  }
}
