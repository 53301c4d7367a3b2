package dev.freshet.sync.delta;

import dev.freshet.sync.source.Place;

/**
 * Is told what batches change in the models.
 *
 * <p>The next batch waits for it, and the applier's lock is held: whatever may take long is done
 * elsewhere, and nothing of the applier is called. What it throws is logged and stops nothing; what
 * it did not take is lost to it, and {@link #begin} is called again.
 */
public interface DeltaListener {

  /**
   * Changes follow from this place on. Rows from another place are of no use, and are read again.
   */
  void begin(Place at);

  /** Takes what whole transactions changed, each in its turn. */
  void changed(ModelDeltas deltas);
}
