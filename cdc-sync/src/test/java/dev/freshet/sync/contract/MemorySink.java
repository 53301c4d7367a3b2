package dev.freshet.sync.contract;

import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.source.Place;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Rows of models in memory: what readers have is one value, which a call replaces as a whole. */
public final class MemorySink implements ModelSink {

  /** Rows of each model by key. */
  private record Shown(
      @Nullable Place place,
      Map<String, Map<List<@Nullable String>, List<@Nullable String>>> rows) {}

  private final Map<String, Beside> rebuilding = new HashMap<>();
  private volatile Shown shown = new Shown(null, Map.of());

  @Override
  public Optional<Place> place() {
    return Optional.ofNullable(shown.place());
  }

  @Override
  public synchronized void begin(Place at) {
    if (!at.equals(shown.place())) {
      rebuilding.values().forEach(beside -> beside.ended = true);
      rebuilding.clear();
      shown = new Shown(at, Map.of());
    }
  }

  @Override
  public synchronized void apply(ModelDeltas deltas) {
    Place place = shown.place();
    if (place == null) {
      throw new IllegalStateException("It has not begun");
    }
    if (deltas.place().compareTo(place) < 0) {
      throw new IllegalArgumentException(deltas.place() + " is before " + place);
    }
    Map<String, Map<List<@Nullable String>, List<@Nullable String>>> rows =
        new HashMap<>(shown.rows());
    for (ModelDelta delta : deltas.models()) {
      Beside beside = rebuilding.get(delta.model());
      switch (delta) {
        case ModelDelta.Reset reset -> {
          rows.remove(reset.model());
          if (beside != null) {
            beside.close();
          }
        }
        case ModelDelta.Rows changed -> {
          rows.computeIfPresent(changed.model(), (model, before) -> with(before, changed));
          if (beside != null) {
            beside.said.addAll(changed.removed());
            beside.said.addAll(changed.upserted().keySet());
            beside.rows = with(beside.rows, changed);
          }
        }
      }
    }
    shown = new Shown(deltas.place(), rows);
  }

  private static Map<List<@Nullable String>, List<@Nullable String>> with(
      Map<List<@Nullable String>, List<@Nullable String>> before, ModelDelta.Rows changed) {
    Map<List<@Nullable String>, List<@Nullable String>> after = new LinkedHashMap<>(before);
    after.keySet().removeAll(changed.removed());
    after.putAll(changed.upserted());
    return after;
  }

  @Override
  public synchronized Rebuild rebuild(ModelShape shape) {
    Beside beside = new Beside(shape);
    Beside given = rebuilding.put(shape.model(), beside);
    if (given != null) {
      given.ended = true;
    }
    return beside;
  }

  /** Rows that readers don't have yet. */
  private final class Beside implements Rebuild {

    private final ModelShape shape;
    private final Set<List<@Nullable String>> said = new HashSet<>();
    private Map<List<@Nullable String>, List<@Nullable String>> rows = new LinkedHashMap<>();
    private boolean ended;

    private Beside(ModelShape shape) {
      this.shape = shape;
    }

    @Override
    public void add(Collection<List<@Nullable String>> more) {
      synchronized (MemorySink.this) {
        requireGoingOn();
        for (List<String> row : more) {
          if (!said.contains(shape.keyOf(row))) {
            rows.put(shape.keyOf(row), row);
          }
        }
      }
    }

    @Override
    public boolean serve(Place at) {
      synchronized (MemorySink.this) {
        requireGoingOn();
        Place place = shown.place();
        if (place == null || place.compareTo(at) < 0) {
          return false;
        }
        Map<String, Map<List<@Nullable String>, List<@Nullable String>>> all =
            new HashMap<>(shown.rows());
        all.put(shape.model(), rows);
        close();
        shown = new Shown(place, all);
        return true;
      }
    }

    private void requireGoingOn() {
      if (ended) {
        throw new IllegalStateException("The rebuild of " + shape.model() + " has ended");
      }
    }

    @Override
    public void close() {
      synchronized (MemorySink.this) {
        ended = true;
        rebuilding.remove(shape.model(), this);
      }
    }
  }

  @Override
  public Optional<Collection<List<@Nullable String>>> rows(String model) {
    return Optional.ofNullable(shown.rows().get(model)).map(Map::values);
  }

  @Override
  public void close() {}
}
