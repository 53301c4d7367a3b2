package dev.freshet.sync.apply;

import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.source.Place;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private Set<String> followed = Set.of();
  private @Nullable Place told;

  /** A listener, and whether it has to begin again. */
  private static final class Listening {

    private final DeltaListener listener;
    private boolean missed;

    Listening(DeltaListener listener) {
      this.listener = listener;
    }

    private void tell(ModelDeltas deltas) {
      try {
        if (missed) {
          listener.begin(deltas.place());
        } else {
          listener.changed(deltas);
        }
        missed = false;
      } catch (RuntimeException e) {
        if (!missed) {
          log.warn(
              "What changed in the models was not taken by {}, which begins again", listener, e);
        }
        missed = true;
      }
    }
  }

  /**
   * Has a listener told from this place on.
   *
   * @param notKept models whose rows don't follow there
   */
  void add(DeltaListener listener, Place at, Collection<String> notKept) {
    Listening one = new Listening(listener);
    listening.add(one);
    one.missed = true;
    one.tell(new ModelDeltas(at, List.of()));
    if (!notKept.isEmpty()) {
      one.tell(
          new ModelDeltas(
              at,
              notKept.stream()
                  .<ModelDelta>map(model -> new ModelDelta.Reset(model, "It is not kept in step."))
                  .toList()));
    }
  }

  /**
   * Starts a transaction; what one before noted and did not commit is forgotten.
   *
   * @param followed models whose changes are noted though nobody listens
   */
  void begin(Set<String> followed) {
    changed.clear();
    this.followed = followed;
  }

  /** Where to note what changes in a model's rows; null when nobody wants to know. */
  @Nullable ChangedRows noteFor(String model) {
    return listening.isEmpty() && !followed.contains(model)
        ? null
        : changed.computeIfAbsent(model, ChangedRows::new);
  }

  /** What this transaction does to a model is told to listeners alone. */
  void leaveOut(String model) {
    followed = new LinkedHashSet<>(followed);
    followed.remove(model);
  }

  /** What this transaction changed so far in the models that are followed. */
  List<ModelDelta> ofFollowed() {
    List<ModelDelta> deltas = new ArrayList<>();
    for (String model : followed) {
      ChangedRows rows = changed.get(model);
      if (rows != null) {
        rows.delta().ifPresent(deltas::add);
      }
    }
    return deltas;
  }

  /** Any row of a model may have changed. */
  void reset(String model, String because) {
    ChangedRows rows = noteFor(model);
    if (rows != null) {
      rows.reset(because);
    }
  }

  /** Tells what was committed. */
  void tell(Place place) {
    if (listening.isEmpty()) {
      return;
    }
    List<ModelDelta> all = new ArrayList<>();
    changed.values().forEach(rows -> rows.delta().ifPresent(all::add));
    changed.clear();
    if (!all.isEmpty() || !place.equals(told)) {
      told = place;
      ModelDeltas deltas = new ModelDeltas(place, all);
      listening.forEach(one -> one.tell(deltas));
    }
  }
}
