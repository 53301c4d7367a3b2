package dev.freshet.gateway.pool;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.runtime.ConnectionPool;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.Source;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The databases that the gateway itself asks for positions, one connection each: of the primary,
 * and of backends that know nothing of positions.
 */
public final class Databases implements AutoCloseable {

  private final List<FreshnessGate> gates = new ArrayList<>();
  private final List<HikariDataSource> pools = new ArrayList<>();

  /** The primary's database. */
  public FreshnessGate ofPrimary(PostgresUrl url) {
    HikariDataSource pool = open("freshet-gateway", url);
    return started(FreshnessGate.ofPrimary(pool, url));
  }

  /** An instance's database; null where the instance tells positions itself. */
  public @Nullable FreshnessGate of(InstanceSpec instance) {
    PostgresUrl url = instance.position();
    return url == null
        ? null
        : started(
            FreshnessGate.of(
                Source.of(instance.kind()), open("freshet-gateway-" + instance.id(), url), url));
  }

  private HikariDataSource open(String name, PostgresUrl url) {
    HikariDataSource pool = ConnectionPool.open(name, url, FreshnessGate.CONNECTIONS, true, "");
    pools.add(pool);
    return pool;
  }

  private FreshnessGate started(FreshnessGate gate) {
    gates.add(gate);
    gate.start();
    return gate;
  }

  @Override
  public void close() {
    gates.forEach(FreshnessGate::close);
    pools.forEach(HikariDataSource::close);
  }
}
