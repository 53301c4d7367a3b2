package dev.freshet.sync;

import dev.freshet.sync.contract.MemorySink;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What models' rows are by what a listener was told of them; a bean of a sync. */
class ToldRows implements DeltaListener {

  private final MemorySink sink = new MemorySink();
  private final AtomicInteger told = new AtomicInteger();

  @Override
  public synchronized void changed(ModelDeltas deltas) {
    sink.apply(deltas);
    for (ModelDelta delta : deltas.models()) {
      if (delta instanceof ModelDelta.Rows rows) {
        told.addAndGet(rows.removed().size() + rows.upserted().size());
      }
    }
  }

  /** How many rows it was told of. */
  int told() {
    return told.get();
  }

  /** A model's rows; empty after a reset, until they are {@link #take}n. */
  Optional<List<List<@Nullable String>>> rows(String model) {
    return sink.rows(model).map(ToldRows::sorted);
  }

  /** Takes all rows of a model, which are as they are now. */
  void take(ModelShape shape, List<List<@Nullable String>> rows) {
    try (ModelSink.Rebuild rebuild = sink.rebuild(shape)) {
      rebuild.add(rows);
      rebuild.serve(sink.place().orElseThrow());
    }
  }

  /** In an order of its own, as rows with nulls have none. */
  static List<List<@Nullable String>> sorted(Collection<List<@Nullable String>> rows) {
    List<List<@Nullable String>> sorted = new ArrayList<>(rows);
    sorted.sort((one, other) -> one.toString().compareTo(other.toString()));
    return sorted;
  }
}
