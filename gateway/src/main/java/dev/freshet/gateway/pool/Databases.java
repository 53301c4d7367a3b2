package dev.freshet.gateway.pool;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.runtime.ConnectionPool;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.Source;
import org.jspecify.annotations.Nullable;

/**
 * The databases that the gateway itself asks for positions, one connection each: of the primary,
 * and of backends that know nothing of positions.
 */
public final class Databases {

  private Databases() {}

  /**
   * A database that is asked.
   *
   * @param pool of its connection
   */
  public record Asked(FreshnessGate gate, HikariDataSource pool) implements AutoCloseable {

    @Override
    public void close() {
      gate.close();
      pool.close();
    }
  }

  /** The primary's database. */
  public static Asked ofPrimary(PostgresUrl url) {
    HikariDataSource pool = open("freshet-gateway", url);
    return started(FreshnessGate.ofPrimary(pool, url), pool);
  }

  /** An instance's database; null where the instance tells positions itself. */
  public static @Nullable Asked of(InstanceSpec instance) {
    PostgresUrl url = instance.position();
    if (url == null) {
      return null;
    }
    HikariDataSource pool = open("freshet-gateway-" + instance.id(), url);
    return started(FreshnessGate.of(Source.of(instance.kind()), pool, url), pool);
  }

  private static HikariDataSource open(String name, PostgresUrl url) {
    return ConnectionPool.open(name, url, FreshnessGate.CONNECTIONS, true, "");
  }

  private static Asked started(FreshnessGate gate, HikariDataSource pool) {
    gate.start();
    return new Asked(gate, pool);
  }
}
