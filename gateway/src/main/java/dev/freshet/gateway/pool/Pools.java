package dev.freshet.gateway.pool;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The instances, by pool.
 *
 * @param byName in the order of the pools' names
 */
public record Pools(SortedMap<String, Pool> byName) {

  public Pools {
    byName = Collections.unmodifiableSortedMap(new TreeMap<>(byName));
  }

  /** A pool that the routes name. */
  public Pool pool(String name) {
    Pool pool = byName.get(name);
    if (pool == null) {
      throw new IllegalArgumentException("No pool " + name);
    }
    return pool;
  }

  /** All instances, those of the pools in the order of their names. */
  public List<Instance> all() {
    return byName.values().stream().flatMap(pool -> pool.instances().stream()).toList();
  }
}
