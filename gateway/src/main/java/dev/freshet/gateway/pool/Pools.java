package dev.freshet.gateway.pool;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The instances, by pool. */
public final class Pools {

  private final Map<String, List<Instance>> byName;

  public Pools(Map<String, List<InstanceSpec>> specs, Clock clock) {
    byName =
        specs.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey,
                    pool ->
                        pool.getValue().stream().map(spec -> new Instance(spec, clock)).toList()));
  }

  /** The instances of a pool that the routes name. */
  public List<Instance> pool(String name) {
    List<Instance> pool = byName.get(name);
    if (pool == null) {
      throw new IllegalArgumentException("No pool " + name);
    }
    return pool;
  }

  /** All instances, those of the pools in the order of their names. */
  public List<Instance> all() {
    return byName.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .flatMap(pool -> pool.getValue().stream())
        .toList();
  }
}
