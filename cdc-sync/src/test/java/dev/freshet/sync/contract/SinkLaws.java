package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.source.Place;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What every {@link ModelSink} promises, each law tried on an empty sink. */
enum SinkLaws {
  ROWS_ARE_WHAT_THE_DELTAS_SAY {
    @Override
    void hold(ModelSink sink) {
      Map<String, String> expected = new HashMap<>();
      serve(sink, "orders", 1);
      Random random = new Random(7);
      for (int place = 2; place < 300; place++) {
        Map<String, String> changed = new HashMap<>();
        Set<String> removed = new LinkedHashSet<>();
        for (int i = 0; i < 5; i++) {
          String id = "id " + random.nextInt(20);
          if (random.nextInt(3) > 0) {
            changed.put(id, "v" + place);
            removed.remove(id);
          } else {
            removed.add(id);
            changed.remove(id);
          }
        }
        expected.putAll(changed);
        expected.keySet().removeAll(removed);
        sink.apply(new ModelDeltas(at(place), List.of(rows("orders", changed, removed))));
        assertThat(rowsOf(sink, "orders")).as("rows at %d", place).isEqualTo(expected);
        assertThat(sink.place()).contains(at(place));
      }
    }
  },

  READERS_SEE_BATCHES_WHOLE {
    @Override
    void hold(ModelSink sink) throws Exception {
      serve(sink, "left", 1);
      serve(sink, "right", 1);
      AtomicBoolean done = new AtomicBoolean();
      AtomicReference<String> torn = new AtomicReference<>();
      AtomicInteger looks = new AtomicInteger();
      // What is read later is at least as new.
      Thread reader =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (!done.get() && torn.get() == null) {
                        torn.set(torn(sink));
                        looks.incrementAndGet();
                      }
                    } catch (RuntimeException e) {
                      torn.set(e.toString());
                    }
                  });
      try {
        int lookedAt = 0;
        for (int place = 2;
            place < 50_000 && lookedAt < ENOUGH_BATCHES && torn.get() == null;
            place++) {
          Map<String, String> row = Map.of("n", Integer.toString(place));
          int before = looks.get();
          sink.apply(
              new ModelDeltas(
                  at(place), List.of(rows("left", row, Set.of()), rows("right", row, Set.of()))));
          if (looks.get() > before) {
            lookedAt++;
          }
        }
      } finally {
        done.set(true);
        reader.join();
      }
      assertThat(torn.get()).as("a batch that was seen in part").isNull();
    }
  },

  SAYING_IT_TWICE_IS_SAYING_IT_ONCE {
    @Override
    void hold(ModelSink sink) {
      serve(sink, "orders", 1);
      ModelDeltas deltas =
          new ModelDeltas(at(2), List.of(rows("orders", Map.of("a", "1"), Set.of("b"))));
      sink.apply(deltas);
      sink.apply(deltas);
      assertThat(rowsOf(sink, "orders")).isEqualTo(Map.of("a", "1"));
    }
  },

  IT_NEVER_GOES_BACK {
    @Override
    void hold(ModelSink sink) {
      serve(sink, "orders", 5);
      sink.apply(new ModelDeltas(at(6), List.of(rows("orders", Map.of("a", "6"), Set.of()))));
      assertThatThrownBy(
              () ->
                  sink.apply(
                      new ModelDeltas(at(5), List.of(rows("orders", Map.of("a", "5"), Set.of())))))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(rowsOf(sink, "orders")).isEqualTo(Map.of("a", "6"));
      assertThat(sink.place()).contains(at(6));
    }
  },

  WHAT_IS_RESET_IS_NOT_SERVED {
    @Override
    void hold(ModelSink sink) {
      serve(sink, "orders", 1);
      serve(sink, "sales", 1);
      sink.apply(new ModelDeltas(at(2), List.of(new ModelDelta.Reset("orders", "a test"))));
      sink.apply(new ModelDeltas(at(3), List.of(rows("orders", Map.of("a", "3"), Set.of()))));
      assertThat(sink.rows("orders")).isEmpty();
      assertThat(sink.rows("sales")).isPresent();
    }
  },

  REBUILDING_LOSES_NO_CHANGE {
    @Override
    void hold(ModelSink sink) throws Exception {
      serve(sink, "orders", 1);
      sink.apply(new ModelDeltas(at(2), List.of(rows("orders", Map.of("a", "2"), Set.of()))));
      try (ModelSink.Rebuild rebuild = sink.rebuild(shape("orders"))) {
        sink.apply(
            new ModelDeltas(at(3), List.of(rows("orders", Map.of("a", "3", "b", "3"), Set.of()))));
        // A snapshot of then, with what came since.
        sink.apply(new ModelDeltas(at(4), List.of(rows("orders", Map.of("c", "4"), Set.of("b")))));
        rebuild.add(List.of(List.of("a", "3"), List.of("b", "3"), List.of("old", "3")));
        assertThat(rowsOf(sink, "orders")).isEqualTo(Map.of("a", "3", "c", "4"));
        assertThat(rebuild.serve(at(3))).isTrue();
      }
      assertThat(rowsOf(sink, "orders")).isEqualTo(Map.of("a", "3", "c", "4", "old", "3"));
      assertThat(sink.place()).contains(at(4));
    }
  },

  REBUILDING_WAITS_FOR_ITS_SNAPSHOT {
    @Override
    void hold(ModelSink sink) throws Exception {
      serve(sink, "orders", 1);
      try (ModelSink.Rebuild rebuild = sink.rebuild(shape("sales"))) {
        rebuild.add(List.of(List.of("a", "9")));
        assertThat(rebuild.serve(at(9))).isFalse();
        assertThat(sink.rows("sales")).isEmpty();
        sink.apply(new ModelDeltas(at(9), List.of()));
        assertThat(rebuild.serve(at(9))).isTrue();
        assertThatThrownBy(() -> rebuild.add(List.of(List.of("b", "9"))))
            .isInstanceOf(IllegalStateException.class);
      }
      assertThat(rowsOf(sink, "sales")).isEqualTo(Map.of("a", "9"));
    }
  },

  RESET_ENDS_A_REBUILDING {
    @Override
    void hold(ModelSink sink) throws Exception {
      sink.begin(at(1));
      try (ModelSink.Rebuild rebuild = sink.rebuild(shape("orders"))) {
        rebuild.add(List.of(List.of("a", "1")));
        sink.apply(new ModelDeltas(at(2), List.of(new ModelDelta.Reset("orders", "a test"))));
        assertThatThrownBy(() -> rebuild.serve(at(1))).isInstanceOf(IllegalStateException.class);
      }
      assertThat(sink.rows("orders")).isEmpty();
    }
  },

  ANOTHER_REBUILDING_ENDS_ONE {
    @Override
    void hold(ModelSink sink) throws Exception {
      sink.begin(at(1));
      try (ModelSink.Rebuild one = sink.rebuild(shape("orders"));
          ModelSink.Rebuild other = sink.rebuild(shape("orders"))) {
        other.add(List.of(List.of("a", "1")));
        assertThatThrownBy(() -> one.serve(at(1))).isInstanceOf(IllegalStateException.class);
        assertThat(other.serve(at(1))).isTrue();
      }
      assertThat(rowsOf(sink, "orders")).isEqualTo(Map.of("a", "1"));
    }
  },

  WHAT_IS_FROM_ANOTHER_PLACE_IS_NOT_SERVED {
    @Override
    void hold(ModelSink sink) {
      assertThat(sink.place()).isEmpty();
      assertThatThrownBy(() -> sink.apply(new ModelDeltas(at(1), List.of())))
          .isInstanceOf(IllegalStateException.class);
      serve(sink, "orders", 5);
      sink.begin(at(5));
      assertThat(sink.rows("orders")).isPresent();
      sink.begin(at(3));
      assertThat(sink.rows("orders")).isEmpty();
      assertThat(sink.place()).contains(at(3));
    }
  },

  KEYS_ARE_OF_SEVERAL_COLUMNS_AND_MAY_BE_NULL {
    @Override
    void hold(ModelSink sink) {
      ModelShape pair =
          new ModelShape(
              "pairs", List.of("b", "v", "a"), List.of("text", "text", "text"), List.of("a", "b"));
      sink.begin(at(1));
      try (ModelSink.Rebuild rebuild = sink.rebuild(pair)) {
        rebuild.add(List.of(Arrays.asList(null, "1", "x"), Arrays.asList("y", "2", "x")));
        rebuild.serve(at(1));
      }
      sink.apply(
          new ModelDeltas(
              at(2),
              List.of(
                  new ModelDelta.Rows(
                      pair,
                      Set.of(List.of("x", "y")),
                      Map.of(Arrays.asList("x", null), Arrays.asList(null, null, "x"))))));
      assertThat(sink.rows("pairs").orElseThrow()).containsExactly(Arrays.asList(null, null, "x"));
    }
  };

  /** So many batches were read while they were applied: halves would have been among them. */
  private static final int ENOUGH_BATCHES = 100;

  /** Tries it on an empty sink. */
  abstract void hold(ModelSink sink) throws Exception;

  static ModelShape shape(String model) {
    return new ModelShape(model, List.of("id", "value"), List.of("text", "text"), List.of("id"));
  }

  static Place at(int value) {
    return new Place(1, value);
  }

  private static void serve(ModelSink sink, String model, int place) {
    if (sink.place().isEmpty()) {
      sink.begin(at(place));
    }
    try (ModelSink.Rebuild rebuild = sink.rebuild(shape(model))) {
      assertThat(rebuild.serve(at(place))).isTrue();
    }
  }

  private static ModelDelta.Rows rows(
      String model, Map<String, String> changed, Set<String> removed) {
    Map<List<@Nullable String>, List<@Nullable String>> upserted = new LinkedHashMap<>();
    changed.forEach((id, value) -> upserted.put(List.of(id), List.of(id, value)));
    Set<List<@Nullable String>> keys = new LinkedHashSet<>();
    removed.forEach(id -> keys.add(List.of(id)));
    return new ModelDelta.Rows(shape(model), keys, upserted);
  }

  private static Map<String, String> rowsOf(ModelSink sink, String model) {
    Map<String, String> rows = new HashMap<>();
    for (List<@Nullable String> row : sink.rows(model).orElseThrow()) {
      assertThat(rows.put(String.valueOf(row.getFirst()), String.valueOf(row.getLast())))
          .as("rows of one key")
          .isNull();
    }
    return rows;
  }

  /** What shows that one batch is seen in part: what is read later is at least as new. */
  private static @Nullable String torn(ModelSink sink) {
    int left = count(sink, "left");
    int right = count(sink, "right");
    int leftAgain = count(sink, "left");
    return right < left || leftAgain < right
        ? "left %d, right %d, left %d".formatted(left, right, leftAgain)
        : null;
  }

  private static int count(ModelSink sink, String model) {
    return sink.rows(model).orElseThrow().stream()
        .mapToInt(row -> Integer.parseInt(String.valueOf(row.getLast())))
        .max()
        .orElse(0);
  }
}
