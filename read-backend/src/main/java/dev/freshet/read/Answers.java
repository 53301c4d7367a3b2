package dev.freshet.read;

import dev.freshet.protocol.Position;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.SelectStatement;
import dev.freshet.runtime.Deadline;
import dev.freshet.runtime.source.Source;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a query and its position as one statement. */
final class Answers {

  private static final Logger log = LoggerFactory.getLogger(Answers.class);

  private static final String QUERY_CANCELED = "57014";

  /** Setting a timeout and setting it back are two round trips. */
  private static final Duration WORTH_SETTING = Duration.ofMillis(500);

  private final Source source;
  private final DataSource pool;
  private final int rowCap;
  private final Duration statementTimeout;

  /**
   * Prepares to ask.
   *
   * @param statementTimeout that the pool's connections are set to
   */
  Answers(Source source, DataSource pool, int rowCap, Duration statementTimeout) {
    this.source = source;
    this.pool = pool;
    this.rowCap = rowCap;
    this.statementTimeout = statementTimeout;
  }

  /**
   * What the source answered.
   *
   * @param position at or past everything in the body; empty when the source is not to be read now
   * @param body in the representation that was asked for, UTF-8; null when there is no such row
   * @param version the row's version; null where the model has none
   * @param range the rows' place among all; null for a single row
   */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  record Answer(
      Optional<Position> position,
      byte @Nullable [] body,
      @Nullable String version,
      @Nullable ContentRange range) {}

  /** Whether a model that is not there is going to be. */
  boolean expects(String model) throws SQLException {
    try (Connection connection = pool.getConnection()) {
      return source.expects(connection, model);
    }
  }

  /** Rows in one body, at most as many as the cap. */
  Answer rows(Model model, ModelQuery query, Terms terms, Deadline deadline) throws SQLException {
    long limit = query.limit() == null ? rowCap : Math.min(query.limit(), rowCap);
    boolean isCounted = terms.preferences().isCounted();
    return ask(
        model,
        SelectStatement.rows(model, query, limit, isCounted, terms.representation()),
        deadline,
        (position, row) -> {
          long rows = row.getLong("rows");
          long counted = row.getLong("total");
          Long total = row.wasNull() ? uncut(query.offset(), rows, limit) : Long.valueOf(counted);
          return new Answer(
              position,
              row.getBytes("body"),
              null,
              new ContentRange(query.offset(), rows, total, isCounted));
        });
  }

  /** One row by itself. */
  Answer row(Model model, ModelQuery query, Terms terms, Deadline deadline) throws SQLException {
    return ask(
        model,
        SelectStatement.row(model, query, terms.representation()),
        deadline,
        (position, row) ->
            new Answer(position, row.getBytes("body"), row.getString("version"), null));
  }

  /** The total that follows from an answer that was not cut; else null. */
  private static @Nullable Long uncut(long offset, long rows, long limit) {
    return rows < limit && (rows > 0 || offset == 0) ? Long.valueOf(offset + rows) : null;
  }

  private interface RowReader {
    Answer read(Optional<Position> position, ResultSet row) throws SQLException;
  }

  private Answer ask(Model model, SelectStatement select, Deadline deadline, RowReader reader)
      throws SQLException {
    String sql =
        "select p.*, a.* from (%s) p left join lateral (%s) a on true /* columns %x */"
            // PostgreSQL remembers of which types a statement's values are, also when a column is
            // of another: then it must be another statement.
            .formatted(source.positionSql(model.name()), select.sql(), model.columns().hashCode());
    try (Connection connection = pool.getConnection();
        Bound _ = bound(connection, deadline);
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < select.values().size(); i++) {
        // Without a type: PostgreSQL reads the text as what the statement casts it to.
        statement.setObject(i + 1, select.values().get(i), Types.OTHER);
      }
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          return new Answer(Optional.empty(), null, null, null);
        }
        return reader.read(source.read(row, 1), row);
      }
    }
  }

  /** What lasts longer than anybody waits for it is given up. */
  private interface Bound extends AutoCloseable {
    @Override
    void close() throws SQLException;
  }

  /** Where that saves nothing to speak of, it is left to the connection's own timeout. */
  private Bound bound(Connection connection, Deadline deadline) throws SQLException {
    Duration left = deadline.left();
    if (!left.isPositive()) {
      throw new SQLException("nobody waits for the answer any more", QUERY_CANCELED);
    }
    if (left.compareTo(statementTimeout.minus(WORTH_SETTING)) >= 0) {
      return () -> {};
    }
    set(connection, left);
    return () -> restore(connection);
  }

  /** A connection that can't be brought back to its timeout is not used again. */
  private void restore(Connection connection) throws SQLException {
    try {
      set(connection, statementTimeout);
    } catch (SQLException e) {
      log.debug("The statement timeout can't be set back", e);
      connection.abort(Runnable::run);
    }
  }

  private static void set(Connection connection, Duration timeout) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("set statement_timeout = " + Math.max(1, timeout.toMillis()));
    }
  }
}
