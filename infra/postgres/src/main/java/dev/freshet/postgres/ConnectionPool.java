package dev.freshet.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Makes a part's pool of connections, each with the {@linkplain PinnedSession pinned settings}. */
public final class ConnectionPool {

  /** How long a request may wait for a connection before it is refused. */
  private static final Duration CHECKOUT_TIMEOUT = Duration.ofSeconds(2);

  static final int CLOSED_WITHIN_SECONDS = 1;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** Longer than any statement of a request; what is silent for longer is a dead network. */
  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(30);

  /** For positions: what is silent for longer tells nothing any more. */
  private static final Duration SOCKET_TIMEOUT_OF_POSITIONS = Duration.ofSeconds(5);

  /** How many may wait for each connection; one more is refused at once. */
  private static final int WAITING_FOR_EACH = 16;

  /** SQLSTATE too_many_connections: this is no matter of the server's being away. */
  private static final String NONE_FREE = "53300";

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
    return open(name, url, size, readOnly, sessionSql, SOCKET_TIMEOUT);
  }

  /** Opens a pool of one connection, by which positions are asked for however busy others are. */
  public static HikariDataSource ofPositions(String name, PostgresUrl url) {
    return open(name + "-position", url, 1, true, "", SOCKET_TIMEOUT_OF_POSITIONS);
  }

  private static HikariDataSource open(
      String name,
      PostgresUrl url,
      int size,
      boolean readOnly,
      String sessionSql,
      Duration socketTimeout) {
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
    properties.setProperty("socketTimeout", Long.toString(socketTimeout.toSeconds()));
    properties.setProperty("loginTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds()));
    if (url.servers().size() > 1) {
      return ofPrimary(config, url, properties);
    }
    config.setDataSource(new ServerDataSource(url, properties));
    return new Bounded(config, () -> {});
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
    HikariDataSource opened = new Bounded(config, primary::close);
    pool.set(opened);
    return opened;
  }

  /** A pool that only so many wait for, and that tells all being in use from none to be had. */
  private static final class Bounded extends HikariDataSource {

    private final Runnable closing;

    Bounded(HikariConfig config, Runnable closing) {
      super(config);
      this.closing = closing;
    }

    @Override
    public Connection getConnection() throws SQLException {
      HikariPoolMXBean now = getHikariPoolMXBean();
      if (now != null
          && now.getThreadsAwaitingConnection() >= WAITING_FOR_EACH * getMaximumPoolSize()) {
        throw noneFree("as many requests wait for one as may", null);
      }
      try {
        return super.getConnection();
      } catch (SQLTransientConnectionException e) {
        throw now != null && now.getActiveConnections() >= getMaximumPoolSize()
            ? noneFree("none was free within %d s".formatted(CHECKOUT_TIMEOUT.toSeconds()), e)
            : e;
      }
    }

    private SQLException noneFree(String how, @Nullable SQLException cause) {
      return new SQLTransientConnectionException(
          "all %d connections of %s are in use, and %s"
              .formatted(getMaximumPoolSize(), getPoolName(), how),
          NONE_FREE,
          cause);
    }

    @Override
    public void close() {
      super.close();
      closing.run();
    }
  }
}
