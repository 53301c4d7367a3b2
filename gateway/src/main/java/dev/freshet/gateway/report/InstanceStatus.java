package dev.freshet.gateway.operator;

import dev.freshet.gateway.pool.Instance;
import dev.freshet.protocol.Position;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One instance, as operators are told of it; what is unknown is null.
 *
 * @param state of {@link Instance.Condition}
 * @param limit how many requests it gets at a time; null where connections alone bound them
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
    int inFlight,
    @Nullable Integer limit) {

  private static final Set<String> OUT_OF_ORDER = Set.of("down", "not-ready", "ejected");

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
    OptionalInt limit = instance.slots().most();
    return new InstanceStatus(
        instance.spec().id(),
        instance.spec().kind().wireName(),
        instance.condition().text(),
        instance.reason(),
        health.since().toString(),
        at == null ? null : at.toString(),
        health.lagSeconds(),
        at == null || furthest.isEmpty() ? null : furthest.get().lsn().bytesSince(at.lsn()),
        instance.inFlight(),
        limit.isPresent() ? limit.getAsInt() : null);
  }

  boolean isOutOfOrder() {
    return OUT_OF_ORDER.contains(state);
  }
}
