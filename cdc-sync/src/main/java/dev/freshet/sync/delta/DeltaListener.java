package dev.freshet.sync.delta;

/** Is told what batches change in the models. */
@FunctionalInterface
public interface DeltaListener {

  /**
   * Takes what the last batch changed, each in its turn. The next batch waits for it: whatever may
   * take long is done elsewhere.
   *
   * <p>What it throws is logged and stops nothing; the deltas that it did not take are lost to it,
   * and the next ones begin with a {@link ModelDelta.Reset} of each model.
   */
  void changed(ModelDeltas deltas);
}
