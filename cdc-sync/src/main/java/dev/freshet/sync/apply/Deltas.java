package dev.freshet.sync.apply;

import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.source.Place;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one transaction changes in the models, told once it is committed. As long as nobody listens,
 * nothing is noted.
 */
final class Deltas {

  private static final Logger log = LoggerFactory.getLogger(Deltas.class);

  private final List<Listening> listening = new ArrayList<>();
  private final Map<String, ChangedRows> changed = new LinkedHashMap<>();

  /** A listener, and whether it has missed something. */
  private static final class Listening {

    private final DeltaListener listener;
    private boolean missed;

    Listening(DeltaListener listener) {
      this.listener = listener;
    }
  }

  /** Has a listener told, of a reset of these models first. */
  void add(DeltaListener listener, Place place, Collection<String> models) {
    Listening one = new Listening(listener);
    listening.add(one);
    tell(one, new ModelDeltas(place, resets(models, "Listening begins.")));
  }

  /** Starts a transaction; what one before noted and did not commit is forgotten. */
  void begin() {
    changed.clear();
  }

  /** Takes what changes in a model's rows; null when nobody wants to know. */
  @Nullable ChangedRows of(String model) {
    return listening.isEmpty() ? null : changed.computeIfAbsent(model, ChangedRows::new);
  }

  /** Any row of a model may have changed. */
  void reset(String model, String because) {
    ChangedRows rows = of(model);
    if (rows != null) {
      rows.reset(because);
    }
  }

  /**
   * Tells what was committed.
   *
   * @param models that are kept
   */
  void tell(Place place, Collection<String> models) {
    if (listening.isEmpty()) {
      return;
    }
    List<ModelDelta> all = new ArrayList<>();
    changed.values().forEach(rows -> rows.delta().ifPresent(all::add));
    changed.clear();
    ModelDeltas deltas = new ModelDeltas(place, all);
    for (Listening one : listening) {
      tell(
          one,
          one.missed
              ? new ModelDeltas(place, resets(models, "Earlier changes were not taken."))
              : deltas);
    }
  }

  private static void tell(Listening one, ModelDeltas deltas) {
    try {
      one.listener.changed(deltas);
      one.missed = false;
    } catch (RuntimeException e) {
      if (!one.missed) {
        log.warn("What changed in the models was not taken; all of them are reset for it", e);
      }
      one.missed = true;
    }
  }

  private static List<ModelDelta> resets(Collection<String> models, String because) {
    return models.stream().<ModelDelta>map(model -> new ModelDelta.Reset(model, because)).toList();
  }
}
