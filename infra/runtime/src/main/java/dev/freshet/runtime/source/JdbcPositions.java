package dev.freshet.runtime.source;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.postgres.ConnectionPool;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.TimelineHistories;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import dev.freshet.protocol.TimelineHistory;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a PostgreSQL, on a connection of its own. */
final class JdbcPositions implements PositionSource {

  private static final Logger log = LoggerFactory.getLogger(JdbcPositions.class);

  private final Source source;
  private final HikariDataSource pool;
  private final @Nullable TimelineHistories histories;

  /**
   * Prepares to ask.
   *
   * @param name shown in logs, and to the server
   */
  JdbcPositions(Source source, String name, PostgresUrl url) {
    this.source = source;
    this.pool = ConnectionPool.ofPositions(name, url);
    this.histories = source.kind() == SourceKind.PRIMARY ? new TimelineHistories(url) : null;
  }

  @Override
  public SourceKind kind() {
    return source.kind();
  }

  @Override
  public String whyNowhere() {
    return source.whyNowhere();
  }

  @Override
  public Optional<TimelineHistory> history(int timeline) {
    return histories == null ? Optional.empty() : histories.of(timeline);
  }

  @Override
  public Asking ask() throws PositionUnknown {
    Connection connection = told(pool::getConnection);
    return new Asking() {
      @Override
      public Optional<Progress> poll() throws PositionUnknown {
        return told(() -> source.poll(connection));
      }

      @Override
      public Optional<String> systemIdentifier() throws PositionUnknown {
        return told(() -> source.systemIdentifier(connection));
      }

      @Override
      public void nudge(Position wanted) throws PositionUnknown {
        told(
            () -> {
              source.nudge(connection, wanted);
              return wanted;
            });
      }

      @Override
      public void close() {
        try {
          connection.close();
        } catch (SQLException e) {
          log.debug("A connection can't be given back", e);
        }
      }
    };
  }

  private interface Question<T> {
    T ask() throws SQLException;
  }

  private static <T> T told(Question<T> question) throws PositionUnknown {
    try {
      return question.ask();
    } catch (SQLException e) {
      throw new PositionUnknown(e);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
