package dev.freshet.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to whichever of several servers is the primary now.
 *
 * <p>It looks every {@link #LOOK_EVERY}, and at once when the primary can't be reached. It never
 * goes back to an earlier timeline than it has seen: a primary that was replaced gets no more
 * writes, though it may take them.
 */
final class PrimaryDataSource extends PooledDataSource implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PrimaryDataSource.class);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final PostgresUrl url;
  private final PrimaryFinder finder;
  private final Properties properties;
  private final Runnable moved;
  private final Thread looking;
  private PrimaryFinder.@Nullable Primary known;
  private boolean hasMoved;
  private volatile PrimaryFinder.@Nullable Primary primary;
  private volatile boolean closed;

  /**
   * Starts to look.
   *
   * @param properties to connect by
   * @param moved told when connections that were made before are to another server than the primary
   */
  PrimaryDataSource(PostgresUrl url, Properties properties, Runnable moved) {
    this.url = url;
    this.finder = PrimaryFinder.of(url);
    this.properties = properties;
    this.moved = moved;
    this.looking = Thread.ofVirtual().name("primary-finder").start(this::lookUntilClosed);
  }

  @Override
  public Connection getConnection() throws SQLException {
    PrimaryFinder.Primary now = primary;
    if (now != null) {
      try {
        Connection connection = now.url().connect(properties);
        if (now.equals(primary)) {
          return connection;
        }
        connection.close();
      } catch (SQLException e) {
        logger.debug("The primary can't be reached", e);
      }
    }
    now = look(Duration.ZERO);
    if (now == null) {
      throw NotConnected.noneIsPrimary(url, finder.why());
    }
    return now.url().connect(properties);
  }

  private void lookUntilClosed() {
    while (!closed) {
      // Others who look for the same primary have asked for it in the meantime.
      look(LOOK_EVERY.dividedBy(2));
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
    finder.close();
  }

  private synchronized PrimaryFinder.@Nullable Primary look(Duration maxAge) {
    PrimaryFinder.Primary before = known;
    Optional<PrimaryFinder.Primary> found = finder.find(maxAge);
    if (found.isPresent() && before != null && found.get().timeline() < before.timeline()) {
      if (primary != null) {
        log.warn(
            "{} takes writes on timeline {}, which was left for timeline {}: it is not used",
            found.get().url(),
            found.get().timeline(),
            before.timeline());
      }
      found = Optional.empty();
    }
    primary = found.orElse(null);
    if (hasMoved) {
      // Connections that were being made when it moved are there by now.
      hasMoved = false;
      moved.run();
    }
    if (found.isPresent() && !found.get().equals(before)) {
      known = found.get();
      log.info("The primary is {}, on timeline {}", found.get().url(), found.get().timeline());
      if (before != null) {
        hasMoved = true;
        moved.run();
      }
    }
    return primary;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(looking);
  }
}
