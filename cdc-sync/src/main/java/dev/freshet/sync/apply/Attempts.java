package dev.freshet.sync.apply;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How a batch is tried until it is applied.
 *
 * <p>At first all its rows go together. If an index of a mirror can't take one, that index goes.
 * Once some rows are refused, the batch is tried again row by row, and what is refused then goes to
 * the dead letters. A model that refuses whatever the rows are, or still refuses row by row, is
 * left out of the next attempt; only if that one is committed was the model to blame, and it is
 * stopped with it. What may be the server's trouble as well, such as no memory or a time-out, is
 * tried three times before the model is suspected. What the read database refuses of the tables
 * themselves, for another reason than their rows, ends the attempts.
 */
final class Attempts {

  /** How often a model may meet what may pass. */
  private static final int MOST_PASSING = 3;

  private Attempts() {}

  /** Applies a batch in a transaction of its own; what it throws has rolled that back. */
  @FunctionalInterface
  interface Attempt {

    /**
     * Tries.
     *
     * @param carefully whether refused rows go to the dead letters, one by one
     * @param without models to be left out and stopped, by name, with their failures
     * @throws ModelFailed when a model refused it
     * @throws MirrorFailed when a mirror did
     * @throws ApplyFailed when another table did
     */
    void run(boolean carefully, Map<String, ModelFailed> without);
  }

  /**
   * Tries until it works.
   *
   * @param drop drops what may have made a mirror refuse a row; false when there is nothing left
   * @return whether it took a careful attempt
   * @throws ApplyFailed when it can't work
   */
  static boolean run(Attempt attempt, Predicate<MirrorFailed> drop) {
    Map<String, ModelFailed> without = new LinkedHashMap<>();
    Map<String, Integer> passing = new LinkedHashMap<>();
    boolean carefully = false;
    while (true) {
      try {
        attempt.run(carefully, without);
        return carefully;
      } catch (ModelFailed e) {
        if (e.mayPass()) {
          if (passing.merge(e.model(), 1, Integer::sum) == MOST_PASSING) {
            without.put(e.model(), e);
          }
        } else {
          if (carefully || !e.isByRows()) {
            without.put(e.model(), e);
          }
          carefully = true;
        }
      } catch (MirrorFailed e) {
        if (!e.refusal().isByRows()) {
          throw notTheirs(without).orElse(e.refusal());
        }
        if (!drop.test(e)) {
          if (carefully) {
            throw notTheirs(without).orElse(e.refusal());
          }
          carefully = true;
        }
      } catch (ApplyFailed e) {
        if (carefully || !e.isByRows()) {
          throw notTheirs(without).orElse(e);
        }
        carefully = true;
      }
    }
  }

  /** What a model met, where it was not the model's own: the batch fails without it, too. */
  private static Optional<ApplyFailed> notTheirs(Map<String, ModelFailed> without) {
    return without.values().stream().findFirst().map(ModelFailed::failure);
  }
}
