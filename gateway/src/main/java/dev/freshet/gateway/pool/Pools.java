package dev.freshet.gateway.pool;

import dev.freshet.runtime.source.FreshnessGate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The instances, by pool. */
public final class Pools implements AutoCloseable {

  private final Map<String, List<Instance>> byName;

  /**
   * Makes the instances.
   *
   * @param databases opens the database of a backend that does not tell positions itself
   * @param connections prepares to connect to an instance
   */
  public Pools(
      Map<String, List<InstanceSpec>> specs,
      Function<InstanceSpec, @Nullable FreshnessGate> databases,
      Function<InstanceSpec, Connections> connections,
      Clock clock) {
    byName =
        specs.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey,
                    pool ->
                        pool.getValue().stream()
                            .map(
                                spec ->
                                    new Instance(
                                        spec,
                                        databases.apply(spec),
                                        connections.apply(spec),
                                        clock))
                            .toList()));
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

  @Override
  public void close() {
    all().forEach(instance -> instance.connections().close());
  }
}
