package dev.freshet.sync.delta;

import dev.freshet.sync.source.Place;
import java.util.List;

/**
 * What whole transactions of the source changed in the models, once it is committed.
 *
 * @param place that the models are at now. It never goes back, and comes again where models changed
 *     without the source, by a rebuild or a dead letter
 * @param models a delta for each model that changed; none for most transactions of most models
 */
public record ModelDeltas(Place place, List<ModelDelta> models) {

  /** Copies the list. */
  public ModelDeltas {
    models = List.copyOf(models);
  }
}
