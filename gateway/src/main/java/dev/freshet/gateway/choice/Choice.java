package dev.freshet.gateway.choice;

import dev.freshet.gateway.choice.Candidate.Reason;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.routing.Otherwise;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lists the instances to try, the best first.
 *
 * <p>For a read: copies known to be fresh enough, the cheapest kind first and the least busy of a
 * kind; then copies that may get there, each with its share of the wait; then what the route says
 * otherwise. Where any copy will do, the primary is the last of them.
 */
public final class Choice {

  private static final Comparator<Instance> CHEAPEST =
      Comparator.<Instance, SourceKind>comparing(instance -> instance.spec().kind())
          .thenComparingInt(Instance::inFlight);

  private Choice() {}

  /** Instances for a write: one is tried, and another only when the first could not be reached. */
  public static List<Candidate> forWrite(List<Instance> pool) {
    return pool.stream()
        .filter(Instance::isEligible)
        .sorted(Comparator.comparingInt(Instance::inFlight))
        .map(instance -> new Candidate(instance, Reason.WRITE, null, Duration.ZERO))
        .toList();
  }

  /**
   * Instances for a read.
   *
   * @param required the position that the answer must include; null when any will do
   * @param wait how long the read may wait for copies, over all of them
   */
  public static List<Candidate> forRead(
      List<Instance> pool, @Nullable Position required, Duration wait, Otherwise otherwise) {
    List<Instance> eligible = pool.stream().filter(Instance::isEligible).sorted(CHEAPEST).toList();
    List<Candidate> candidates = new ArrayList<>();
    if (required == null) {
      eligible.forEach(
          instance -> candidates.add(new Candidate(instance, Reason.ANY, null, Duration.ZERO)));
      return candidates;
    }
    List<Instance> copies =
        eligible.stream()
            .filter(instance -> instance.spec().kind() != SourceKind.PRIMARY)
            .filter(instance -> !Boolean.FALSE.equals(instance.health().speaksFreshet()))
            .toList();
    List<Instance> behind = new ArrayList<>();
    for (Instance copy : copies) {
      if (copy.isKnownAtOrPast(required)) {
        candidates.add(new Candidate(copy, Reason.CAUGHT_UP, required, Duration.ZERO));
      } else {
        behind.add(copy);
      }
    }
    for (int i = 0; i < behind.size(); i++) {
      // The first gets half of the wait, and so on: it is the cheapest, but may be stuck.
      Duration share = i == behind.size() - 1 ? wait.dividedBy(1L << i) : wait.dividedBy(2L << i);
      candidates.add(new Candidate(behind.get(i), Reason.WAITED, required, share));
    }
    switch (otherwise) {
      case PRIMARY ->
          eligible.stream()
              .filter(instance -> instance.spec().kind() == SourceKind.PRIMARY)
              .forEach(
                  primary ->
                      candidates.add(new Candidate(primary, Reason.FALLBACK, null, Duration.ZERO)));
      case STALE ->
          copies.forEach(
              copy -> candidates.add(new Candidate(copy, Reason.STALE, null, Duration.ZERO)));
      case FAIL -> {
        // The refusal follows when the list is used up.
      }
    }
    return candidates;
  }
}
