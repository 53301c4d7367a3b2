package dev.freshet.sync.apply;

import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelShape;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What changes in a model's rows, netted by key: the last word on each row counts. */
final class ChangedRows {

  /** Above it, recomputing all rows costs less. */
  static final int MOST_KEYS = 100_000;

  /** Bounds the memory of a batch of large rows. */
  static final long MOST_CHARACTERS = 16_000_000;

  private final String model;
  private final Set<List<@Nullable String>> removed = new LinkedHashSet<>();
  private final Map<List<@Nullable String>, List<@Nullable String>> upserted =
      new LinkedHashMap<>();
  private @Nullable ModelShape shape;
  private @Nullable String reset;
  private long characters;

  ChangedRows(String model) {
    this.model = model;
  }

  /** Whether rows count still: after a reset none does. */
  boolean wantsRows() {
    return reset == null;
  }

  void removed(ModelShape shape, List<@Nullable String> row) {
    if (reset == null) {
      List<@Nullable String> key = shape.keyOf(row);
      upserted.remove(key);
      removed.add(key);
      bound(shape);
    }
  }

  void upserted(ModelShape shape, List<@Nullable String> row) {
    if (reset == null) {
      List<@Nullable String> key = shape.keyOf(row);
      removed.remove(key);
      upserted.put(key, row);
      row.forEach(value -> characters += value == null ? 0 : value.length());
      bound(shape);
    }
  }

  private void bound(ModelShape shape) {
    this.shape = shape;
    if (removed.size() + upserted.size() > MOST_KEYS || characters > MOST_CHARACTERS) {
      reset("Too many of its rows changed in one batch to be told one by one.");
    }
  }

  /** Any row may have changed. The first reason counts. */
  void reset(String because) {
    if (reset == null) {
      reset = because;
      removed.clear();
      upserted.clear();
    }
  }

  /** What came of it; empty when nothing changed. */
  Optional<ModelDelta> delta() {
    if (reset != null) {
      return Optional.of(new ModelDelta.Reset(model, reset));
    }
    return shape == null
        ? Optional.empty()
        : Optional.of(new ModelDelta.Rows(shape, removed, upserted));
  }
}
