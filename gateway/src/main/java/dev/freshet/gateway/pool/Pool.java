package dev.freshet.gateway.pool;

import java.util.List;

/**
 * Instances that the routes name together.
 *
 * @param panic below which share of healthy ones all of them are asked
 */
public record Pool(List<Instance> instances, Panic panic) {

  public Pool {
    instances = List.copyOf(instances);
  }

  /** Those that an operator has not taken out of use. */
  public List<Instance> meant() {
    return instances.stream().filter(instance -> !instance.isDrained()).toList();
  }

  /** Whether so few are healthy that the others are asked, too. */
  public boolean isInPanic() {
    int healthy = 0;
    int meant = 0;
    for (Instance instance : instances) {
      if (!instance.isDrained()) {
        meant++;
        healthy += instance.isHealthy() ? 1 : 0;
      }
    }
    return panic.isReached(healthy, meant);
  }

  /** Whether an instance of this pool may be sent requests now. */
  public boolean asks(Instance instance) {
    return instance.isEligible() || (instance.isWorthATry() && isInPanic());
  }
}
