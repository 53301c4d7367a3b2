package dev.freshet.gateway.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import reactor.core.Disposable;

/**
 * The instances that are in use. One that stays from one edition of the routes to the next is the
 * same instance, and what is known of it is kept; one that nobody uses any more is closed.
 */
public final class Instances implements AutoCloseable {

  private final Shared<InstanceSpec, Watched> watched;
  private final HealthChecks checks;

  /** Ids of those that are out of use, whether they are there or not. */
  private final Set<String> drained = ConcurrentHashMap.newKeySet();

  private record Watched(Instance instance, Disposable check) {

    void close() {
      check.dispose();
      instance.close();
    }
  }

  /**
   * Uses none yet.
   *
   * @param open prepares to connect to an instance
   */
  public Instances(Function<InstanceSpec, Instance> open, HealthChecks checks) {
    this.checks = checks;
    this.watched =
        new Shared<>(
            spec -> {
              Instance instance = open.apply(spec);
              instance.drain(drained.contains(spec.id()));
              return new Watched(instance, checks.watch(instance));
            },
            Watched::close);
  }

  /**
   * Takes instances into use.
   *
   * @param panics of pools that have another one than {@link Panic#USUAL}
   * @param patience how long those that are new may take to answer for the first time
   */
  public Pools use(
      Map<String, List<InstanceSpec>> specs, Map<String, Panic> panics, Duration patience) {
    List<Instance> added = new ArrayList<>();
    SortedMap<String, List<Instance>> pools = new TreeMap<>();
    List<InstanceSpec> taken = new ArrayList<>();
    try {
      take(specs, pools, added, taken);
    } catch (RuntimeException e) {
      taken.forEach(watched::release);
      throw e;
    }
    checks.askOnce(added, patience);
    SortedMap<String, Pool> byName = new TreeMap<>();
    pools.forEach(
        (name, members) ->
            byName.put(name, new Pool(members, panics.getOrDefault(name, Panic.USUAL))));
    return new Pools(byName);
  }

  private void take(
      Map<String, List<InstanceSpec>> specs,
      Map<String, List<Instance>> pools,
      List<Instance> added,
      List<InstanceSpec> taken) {
    specs.forEach(
        (name, members) -> {
          List<Instance> pool = new ArrayList<>();
          for (InstanceSpec spec : members) {
            boolean isNew = !watched.isUsed(spec.identity());
            Instance instance = watched.use(spec.identity()).instance();
            taken.add(spec.identity());
            instance.weigh(spec.weight());
            pool.add(instance);
            if (isNew) {
              added.add(instance);
            }
          }
          pools.put(name, List.copyOf(pool));
        });
  }

  /**
   * Takes an instance out of use, or into it again. That holds for one of the same id that comes
   * with other routes, too.
   */
  public void drain(String id, boolean isDrained) {
    if (isDrained) {
      drained.add(id);
    } else {
      drained.remove(id);
    }
    watched.inUse().stream()
        .map(Watched::instance)
        .filter(instance -> instance.spec().id().equals(id))
        .forEach(instance -> instance.drain(isDrained));
  }

  /** Pools that {@link #use} gave are not used any more. */
  public void release(Pools pools) {
    pools.all().stream().map(Instance::spec).forEach(watched::release);
  }

  @Override
  public void close() {
    watched.close();
  }
}
