package dev.freshet.gateway.report;

import dev.freshet.gateway.pool.Instance;
import dev.freshet.protocol.Position;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One instance, as operators are told of it; what is unknown is null.
 *
 * @param state of {@link Instance.Condition}
 * @param limit how many requests it gets at a time; null where connections alone bound them
 * @param replayPaused whether somebody has paused the replay of the replica that it reads
 */
public record InstanceStatus(
    String id,
    String kind,
    String state,
    String reason,
    String since,
    @Nullable String position,
    @Nullable Double lagSeconds,
    @Nullable Long lagBytes,
    int inFlight,
    @Nullable Integer limit,
    boolean replayPaused) {

  /** Without knowing where the primary is. */
  public static InstanceStatus of(Instance instance) {
    return of(instance, Optional.empty());
  }

  /**
   * Describes an instance.
   *
   * @param primary where it is
   */
  static InstanceStatus of(Instance instance, Optional<Position> primary) {
    Instance.Health health = instance.health();
    Position at = health.position();
    OptionalLong lagBytes = instance.lagBytes(primary);
    OptionalInt limit = instance.slots().most();
    return new InstanceStatus(
        instance.spec().id(),
        instance.spec().kind().wireName(),
        instance.condition().text(),
        instance.reason(),
        health.since().toString(),
        at == null ? null : at.toString(),
        instance.lagSeconds(),
        lagBytes.isPresent() ? lagBytes.getAsLong() : null,
        instance.inFlight(),
        limit.isPresent() ? limit.getAsInt() : null,
        instance.isReplayPaused());
  }

  /** Whether an operator has taken it out of use. */
  boolean isOut() {
    return state.equals("draining") || state.equals("drained");
  }

  /** What is wrong with it itself; empty when it is in order, or an operator took it out of use. */
  Optional<Trouble> trouble() {
    return switch (state) {
      case "down" -> Optional.of(Trouble.INSTANCE_DOWN);
      case "not-ready" -> Optional.of(Trouble.INSTANCE_NOT_READY);
      case "stuck" -> replayPaused ? Optional.empty() : Optional.of(Trouble.INSTANCE_STUCK);
      case "ejected" -> Optional.of(Trouble.INSTANCE_EJECTED);
      default -> Optional.empty();
    };
  }
}
