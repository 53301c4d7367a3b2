package dev.freshet.gateway.operator;

import dev.freshet.gateway.pool.Instance;
import dev.freshet.protocol.Position;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One instance, as operators are told of it; what is unknown is null.
 *
 * @param state starting, ready, not-ready or down; draining while a drained one still has requests,
 *     then drained
 */
record InstanceStatus(
    String id,
    String kind,
    String state,
    String reason,
    String since,
    @Nullable String position,
    @Nullable Double lagSeconds,
    @Nullable Long lagBytes,
    int inFlight) {

  /** Without knowing where the primary is. */
  static InstanceStatus of(Instance instance) {
    return of(instance, Optional.empty());
  }

  /**
   * Describes an instance.
   *
   * @param furthest where the primary is
   */
  static InstanceStatus of(Instance instance, Optional<Position> furthest) {
    Instance.Health health = instance.health();
    Position at = health.position();
    return new InstanceStatus(
        instance.spec().id(),
        instance.spec().kind().wireName(),
        state(instance),
        reason(instance),
        health.since().toString(),
        at == null ? null : at.toString(),
        health.lagSeconds(),
        at == null || furthest.isEmpty() ? null : furthest.get().lsn().bytesSince(at.lsn()),
        instance.inFlight());
  }

  private static String state(Instance instance) {
    if (instance.isDrained()) {
      return instance.inFlight() > 0 ? "draining" : "drained";
    }
    return instance.health().state().name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Why it is not simply ready; empty when it is. */
  static String reason(Instance instance) {
    return instance.isDrained() ? "an operator took it out of use" : instance.health().reason();
  }

  boolean isOutOfOrder() {
    return state.equals("down") || state.equals("not-ready");
  }
}
