package dev.freshet.gateway.choice;

import dev.freshet.gateway.choice.Candidate.Reason;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Otherwise;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lists the instances to try, the best first.
 *
 * <p>For a read: copies known to be fresh enough, the cheapest kind first and the least busy of a
 * kind, or as their weights have it; then copies that may get there, the one that is expected
 * soonest first, each with its share of the wait; then what the route says otherwise. A copy that
 * is known to lag by more than the wait is not waited for where the primary can answer at once.
 * Where any copy will do, the primary is the last of them. Copies that are known to be further
 * behind than the route allows come after all others.
 *
 * <p>Of a pool {@linkplain Pool#isInPanic() in panic} all are asked that may serve, whatever their
 * health: a kind with a healthy instance before one without.
 */
public final class Choice {

  private static final double NANOS_PER_SECOND = 1e9;

  private static final Comparator<Instance> BY_KIND =
      Comparator.comparing(instance -> instance.spec().kind());

  private static final Comparator<Instance> CHEAPEST = BY_KIND.thenComparingInt(Instance::inFlight);

  /** Lags closer together than this are alike. */
  private static final double LAG_STEP_SECONDS = 0.02;

  private static final Comparator<Instance> SOONEST =
      Comparator.<Instance>comparingLong(
              instance -> Math.round(lagSeconds(instance) / LAG_STEP_SECONDS))
          .thenComparing(BY_KIND);

  /** The primary is there; what is waited for is that its backend looks. */
  private static final Duration PRIMARY_WAIT = Duration.ofSeconds(1);

  private Choice() {}

  /** What a copy that moves says of itself is more exact than what its position says. */
  private static double lagSeconds(Instance instance) {
    Double lag = instance.isStuck() ? instance.lagSeconds() : instance.health().lagSeconds();
    return lag == null ? 0 : lag;
  }

  /**
   * Instances for a request.
   *
   * @param pool that the route has for this intent
   * @param session says what the answer must include
   * @param isRepeatable whether the request can be sent again. One that can't only goes to an
   *     instance that needs not be waited for
   */
  public static List<Candidate> of(
      Pool pool, Route route, Intent intent, ClientSession session, boolean isRepeatable) {
    return switch (intent) {
      case WRITE -> forWrite(pool);
      case READ -> {
        Route.Read read = Objects.requireNonNull(route.read());
        List<Candidate> candidates =
            forRead(
                pool,
                session,
                read.maxWait(),
                read.events() ? Otherwise.FAIL : read.otherwise(),
                read.events() ? null : read.maxStaleness());
        if (read.events()) {
          candidates.removeIf(
              candidate -> candidate.instance().spec().kind() != SourceKind.READ_DATABASE);
        }
        yield isRepeatable
            ? candidates
            : candidates.stream().filter(candidate -> candidate.reason() != Reason.WAITED).toList();
      }
    };
  }

  /** An instance for a read that any copy may answer; empty when none is up. */
  public static Optional<Candidate> any(Pool pool) {
    return Eligible.of(pool).first().stream()
        .findFirst()
        .map(instance -> new Candidate(instance, Reason.ANY, null, Duration.ZERO));
  }

  /**
   * Instances for a write: one is tried, and another only when the first could not be reached. A
   * write that fails may have been done, and is not repeated: none goes to an instance that fails
   * while another is sound, in panic either.
   */
  public static List<Candidate> forWrite(Pool pool) {
    List<Instance> first = Eligible.of(pool).first();
    boolean isAnySound = first.stream().anyMatch(Instance::isHealthy);
    return first.stream()
        .filter(instance -> !isAnySound || instance.isHealthy())
        .map(instance -> new Candidate(instance, Reason.WRITE, null, Duration.ZERO))
        .toList();
  }

  /**
   * Instances for a read.
   *
   * @param session says what the answer must include
   * @param wait how long the read may wait for copies, over all of them
   * @param maxStaleness how far behind a copy may be that is taken before others, at the levels
   *     that have no bound of their own; null for however far
   */
  public static List<Candidate> forRead(
      Pool pool,
      ClientSession session,
      Duration wait,
      Otherwise otherwise,
      @Nullable Duration maxStaleness) {
    Duration bound = isUnbounded(session.level()) ? maxStaleness : null;
    Eligible eligible = Eligible.of(pool);
    List<Instance> stale = new ArrayList<>();
    List<Candidate> candidates =
        forReadOf(fresh(eligible.first(), bound, stale), session, wait, otherwise, stale);
    candidates.addAll(
        forReadOf(fresh(eligible.lastResort(), bound, stale), session, wait, otherwise, stale));
    addStale(candidates, stale, session.required(), otherwise);
    return candidates;
  }

  /**
   * Adds copies that are far behind. One that has what the read must include comes before those
   * that a route would take without it; one that has not is not waited for.
   */
  private static void addStale(
      List<Candidate> candidates,
      List<Instance> stale,
      @Nullable Position required,
      Otherwise otherwise) {
    List<Candidate> there = new ArrayList<>();
    List<Candidate> notThere = new ArrayList<>();
    for (Instance copy : stale) {
      if (required == null || copy.isKnownAtOrPast(required)) {
        there.add(new Candidate(copy, Reason.STALE, required, Duration.ZERO));
      } else if (otherwise == Otherwise.STALE) {
        notThere.add(new Candidate(copy, Reason.STALE, null, Duration.ZERO));
      } else if (candidates.isEmpty()) {
        notThere.add(new Candidate(copy, Reason.STALE, required, Duration.ZERO)); // it may say so
      }
    }
    int promised = 0;
    while (promised < candidates.size() && candidates.get(promised).reason() != Reason.STALE) {
      promised++;
    }
    candidates.addAll(promised, there);
    candidates.addAll(notThere);
  }

  private static boolean isUnbounded(Level level) {
    return switch (level) {
      case EVENTUAL, SESSION -> true;
      case BOUNDED, STRONG -> false;
    };
  }

  /** Those that are within the bound; the others are added to the stale ones. */
  private static List<Instance> fresh(
      List<Instance> instances, @Nullable Duration bound, List<Instance> stale) {
    if (bound == null) {
      return instances;
    }
    List<Instance> fresh = new ArrayList<>(instances.size());
    for (Instance instance : instances) {
      Double lag = instance.lagSeconds();
      boolean isStale =
          instance.spec().kind() != SourceKind.PRIMARY
              && lag != null
              && lag * NANOS_PER_SECOND > bound.toNanos();
      (isStale ? stale : fresh).add(instance);
    }
    return fresh;
  }

  /**
   * Instances for a read, of those that are fresh enough.
   *
   * @param stale copies that are not, so that the primary answers for them
   */
  private static List<Candidate> forReadOf(
      List<Instance> eligible,
      ClientSession session,
      Duration wait,
      Otherwise otherwise,
      List<Instance> stale) {
    List<Candidate> candidates = new ArrayList<>();
    Position required = session.required();
    if (required == null && !session.isUnmeetable()) {
      boolean isSpared =
          !stale.isEmpty()
              && eligible.stream().allMatch(one -> one.spec().kind() == SourceKind.PRIMARY);
      Reason reason = isSpared ? Reason.FALLBACK : Reason.ANY;
      eligible.forEach(
          instance -> candidates.add(new Candidate(instance, reason, null, Duration.ZERO)));
      return candidates;
    }
    List<Instance> copies = new ArrayList<>(eligible.size());
    List<Instance> primaries = new ArrayList<>(1);
    for (Instance instance : eligible) {
      if (instance.spec().kind() == SourceKind.PRIMARY) {
        primaries.add(instance);
      } else if (instance.tellsPosition()) {
        copies.add(instance);
      }
    }
    if (required != null && !session.isUnmeetable()) {
      addCopies(
          candidates,
          copies,
          required,
          wait,
          otherwise == Otherwise.PRIMARY && !primaries.isEmpty());
    }
    switch (otherwise) {
      case PRIMARY -> {
        Reason reason = copies.isEmpty() && stale.isEmpty() ? Reason.CAUGHT_UP : Reason.FALLBACK;
        primaries.forEach(
            primary ->
                candidates.add(new Candidate(primary, reason, session.atLeast(), PRIMARY_WAIT)));
      }
      case STALE ->
          copies.forEach(
              copy -> candidates.add(new Candidate(copy, Reason.STALE, null, Duration.ZERO)));
      case FAIL -> {
        // The refusal follows when the list is used up.
      }
    }
    return candidates;
  }

  /**
   * Instances that are up, in order.
   *
   * @param first those to ask; ejected ones only when there are no others
   * @param lastResort the ejected ones otherwise, for when all others have failed
   */
  private record Eligible(List<Instance> first, List<Instance> lastResort) {

    static Eligible of(Pool pool) {
      List<Instance> sound = new ArrayList<>(pool.instances().size());
      List<Instance> ejected = new ArrayList<>();
      for (Instance instance : pool.instances()) {
        if (instance.isEligible()) {
          (instance.isEjected() ? ejected : sound).add(instance);
        }
      }
      if (sound.size() < pool.instances().size() && pool.isInPanic()) {
        return inPanic(pool, sound);
      }
      return sound.isEmpty()
          ? new Eligible(inOrder(ejected), List.of())
          : new Eligible(inOrder(sound), inOrder(ejected));
    }

    /** A kind of which one is healthy may have room left; one of which none is comes after it. */
    private static Eligible inPanic(Pool pool, List<Instance> sound) {
      Set<SourceKind> healthyKinds = EnumSet.noneOf(SourceKind.class);
      sound.forEach(instance -> healthyKinds.add(instance.spec().kind()));
      List<Instance> first = new ArrayList<>();
      List<Instance> after = new ArrayList<>();
      for (Instance instance : pool.instances()) {
        if (instance.isEligible() || instance.isWorthATry()) {
          boolean isOfHealthyKind = healthyKinds.contains(instance.spec().kind());
          (isOfHealthyKind || sound.isEmpty() ? first : after).add(instance);
        }
      }
      return new Eligible(inOrder(first), inOrder(after));
    }
  }

  /** The cheapest kind first; of a kind the least busy, or as weights have it. */
  private static List<Instance> inOrder(List<Instance> instances) {
    instances.sort(CHEAPEST);
    if (isWeighted(instances)) {
      withinKinds(
          instances,
          ofKind -> {
            if (isWeighted(ofKind)) {
              drawByWeight(ofKind);
            }
          });
    }
    if (isAnyDoubtful(instances)) {
      withinKinds(instances, Choice::moveDoubtfulBack);
    }
    return instances;
  }

  private static boolean isAnyDoubtful(List<Instance> instances) {
    for (Instance instance : instances) {
      if (instance.isSuspect() || instance.share() < 1) {
        return true;
      }
    }
    return false;
  }

  /**
   * Of one kind: behind the others one that is not to get its share yet, behind it one whose last
   * request failed, and last what gets only what no other takes.
   */
  private static void moveDoubtfulBack(List<Instance> ofKind) {
    Collections.copy(
        ofKind,
        ofKind.stream()
            .map(instance -> new Placed(instance, place(instance)))
            .sorted(Comparator.comparingInt(Placed::place))
            .map(Placed::instance)
            .toList());
  }

  private record Placed(Instance instance, int place) {}

  private static int place(Instance instance) {
    if (instance.weight() == 0) {
      return 3;
    }
    if (instance.isSuspect()) {
      return 2;
    }
    return instance.share() < ThreadLocalRandom.current().nextDouble() ? 1 : 0;
  }

  private static void withinKinds(List<Instance> inOrderOfKinds, Consumer<List<Instance>> arrange) {
    for (int from = 0; from < inOrderOfKinds.size(); ) {
      int to = endOfKind(inOrderOfKinds, from);
      arrange.accept(inOrderOfKinds.subList(from, to));
      from = to;
    }
  }

  private static int endOfKind(List<Instance> instances, int from) {
    SourceKind kind = instances.get(from).spec().kind();
    int to = from + 1;
    while (to < instances.size() && instances.get(to).spec().kind() == kind) {
      to++;
    }
    return to;
  }

  private static boolean isWeighted(List<Instance> instances) {
    for (Instance instance : instances) {
      if (instance.weight() != instances.getFirst().weight()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Draws instances one after another, each with a chance by its weight among those that are left
   * (Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006).
   */
  private static void drawByWeight(List<Instance> instances) {
    record Drawn(Instance instance, double key) {}
    List<Instance> drawn =
        instances.stream()
            .map(instance -> new Drawn(instance, key(instance.weight())))
            .sorted(Comparator.comparingDouble(Drawn::key))
            .map(Drawn::instance)
            .toList();
    Collections.copy(instances, drawn);
  }

  private static double key(int weight) {
    return weight == 0
        ? Double.POSITIVE_INFINITY
        : -Math.log(1 - ThreadLocalRandom.current().nextDouble()) / weight;
  }

  private static void addCopies(
      List<Candidate> candidates,
      List<Instance> copies,
      Position required,
      Duration wait,
      boolean elseAtOnce) {
    List<Instance> behind = new ArrayList<>();
    for (Instance copy : copies) {
      if (copy.isKnownAtOrPast(required)) {
        candidates.add(new Candidate(copy, Reason.CAUGHT_UP, required, Duration.ZERO));
      } else if (!elseAtOnce || lagSeconds(copy) * 1_000 <= wait.toMillis()) {
        behind.add(copy);
      }
    }
    behind.sort(SOONEST);
    for (int i = 0; i < behind.size(); i++) {
      // The first gets half of the wait, and so on: it is the cheapest, but may be stuck.
      Duration share = i == behind.size() - 1 ? wait.dividedBy(1L << i) : wait.dividedBy(2L << i);
      candidates.add(new Candidate(behind.get(i), Reason.WAITED, required, share));
    }
  }
}
