package dev.freshet.gateway.pool;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.Source;
import org.jspecify.annotations.Nullable;

/**
 * The databases that the gateway itself asks for positions, one connection each: of the primary,
 * and of backends that know nothing of positions.
 */
public final class Databases {

  private Databases() {}

  /** The primary's database. */
  public static FreshnessGate ofPrimary(PostgresUrl url) {
    return started(FreshnessGate.ofPrimary("freshet-gateway", url));
  }

  /** An instance's database; null where the instance tells positions itself. */
  public static @Nullable FreshnessGate of(InstanceSpec instance) {
    PostgresUrl url = instance.position();
    return url == null
        ? null
        : started(
            FreshnessGate.of(Source.of(instance.kind()), "freshet-gateway-" + instance.id(), url));
  }

  private static FreshnessGate started(FreshnessGate gate) {
    gate.start();
    return gate;
  }
}
