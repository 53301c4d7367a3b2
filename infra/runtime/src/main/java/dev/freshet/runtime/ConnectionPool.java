package dev.freshet.runtime;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.protocol.PinnedSession;
import dev.freshet.protocol.PostgresUrl;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;

/** Makes a part's pool of connections, each with the {@linkplain PinnedSession pinned settings}. */
public final class ConnectionPool {

  /** How long a request may wait for a connection before it is refused. */
  private static final Duration CHECKOUT_TIMEOUT = Duration.ofSeconds(2);

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** Longer than any statement of a request; what is silent for longer is a dead network. */
  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(30);

  private ConnectionPool() {}

  /**
   * Opens a pool without asking the database: one that is down is found out by the first request,
   * and does not keep a part from starting.
   *
   * @param url of several servers, for a pool that follows the primary among them
   * @param name shown in logs and as the connections' application name
   * @param size most connections it opens
   * @param sessionSql further settings of each connection, or an empty string
   */
  public static HikariDataSource open(
      String name, PostgresUrl url, int size, boolean readOnly, String sessionSql) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(Math.min(2, size));
    config.setReadOnly(readOnly);
    config.setConnectionTimeout(CHECKOUT_TIMEOUT.toMillis());
    config.setInitializationFailTimeout(-1);
    config.setConnectionInitSql(
        sessionSql.isEmpty() ? PinnedSession.SQL : PinnedSession.SQL + "; " + sessionSql);
    Properties properties = url.properties(name, CONNECT_TIMEOUT);
    properties.setProperty("socketTimeout", Long.toString(SOCKET_TIMEOUT.toSeconds()));
    if (url.servers().size() > 1) {
      return ofPrimary(config, url, properties);
    }
    config.setJdbcUrl(url.jdbcUrl());
    config.setDataSourceProperties(properties);
    return new HikariDataSource(config);
  }

  private static HikariDataSource ofPrimary(
      HikariConfig config, PostgresUrl url, Properties properties) {
    AtomicReference<HikariDataSource> pool = new AtomicReference<>();
    PrimaryDataSource primary =
        new PrimaryDataSource(
            url,
            properties,
            () -> {
              HikariDataSource opened = pool.get();
              if (opened != null && opened.getHikariPoolMXBean() != null) {
                opened.getHikariPoolMXBean().softEvictConnections();
              }
            });
    config.setDataSource(primary);
    HikariDataSource opened =
        new HikariDataSource(config) {
          @Override
          public void close() {
            super.close();
            primary.close();
          }
        };
    pool.set(opened);
    return opened;
  }
}
