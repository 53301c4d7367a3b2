package dev.freshet.read.sql;

import dev.freshet.protocol.Position;
import dev.freshet.read.model.Model;
import dev.freshet.read.store.Answer;
import dev.freshet.read.store.Asker;
import dev.freshet.read.store.ModelStore;
import dev.freshet.read.store.Question;
import dev.freshet.read.store.StoreFailed;
import dev.freshet.runtime.source.Source;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs a query and its position as one statement. */
public final class SqlStore implements ModelStore {

  private static final JsonMapper JSON = new JsonMapper();

  /** The column that says as whom a statement was run; nobody's are called so. */
  private static final String READ_AS = "freshet: read as";

  /** More are streamed without a look at how long they are. */
  private static final int MOST_ROWS_AT_ONCE = 1_000;

  private final Source source;
  private final DataSource pool;
  private final Limits limits;
  private final StatementTimeout timeout;

  /** What is left of the long answers that may be written at a time. */
  private final Semaphore streams;

  private final Catalogue catalogue;
  private final Scheduler blocking;

  /** As PostgreSQL names them; read when somebody asks for one first. */
  private volatile @Nullable Set<String> timeZones;

  /**
   * Of an answer.
   *
   * @param rows most of them
   * @param bytes most of them; 0 for any number
   * @param cost what a statement may cost, as the planner guesses; 0 for any
   * @param streams most long answers at a time, each of which holds a connection
   * @param statementTimeout that the pool's connections are set to
   */
  public record Limits(int rows, long bytes, double cost, int streams, Duration statementTimeout) {}

  /**
   * Prepares to ask.
   *
   * @param traced the pool of connections, whose statements are traced
   * @param untraced the same without traces, for questions that are no client's
   * @param limits of an answer
   * @param clock by which what is known of models gets old
   * @param blocking where long answers are read
   */
  public SqlStore(
      Source source,
      DataSource traced,
      DataSource untraced,
      Limits limits,
      Clock clock,
      Scheduler blocking) {
    this.blocking = blocking;
    this.source = source;
    this.pool = traced;
    this.limits = limits;
    this.timeout = new StatementTimeout(limits.statementTimeout());
    this.streams = new Semaphore(limits.streams());
    this.catalogue = new Catalogue(untraced, clock);
  }

  private interface JdbcCall<T> {
    T run() throws SQLException;
  }

  private static <T> T failing(Asker asker, JdbcCall<T> call) throws StoreFailed {
    try {
      return call.run();
    } catch (SQLException e) {
      throw new StoreFailed(SqlFailure.refused(e, asker), SqlFailure.meansTheModelChanged(e), e);
    }
  }

  @Override
  public Optional<Model> find(String name, Asker asker) throws StoreFailed {
    return failing(asker, () -> catalogue.find(name, asker.role()));
  }

  @Override
  public Collection<Model> all(Asker asker) throws StoreFailed {
    return failing(asker, () -> catalogue.all(asker.role()).values());
  }

  @Override
  public boolean expects(String name) throws StoreFailed {
    return failing(
        Asker.ANYBODY,
        () -> {
          try (Connection connection = pool.getConnection()) {
            return source.expects(connection, name);
          }
        });
  }

  @Override
  public void forget() {
    catalogue.forget();
  }

  @Override
  public boolean hasTimeZone(String name) throws StoreFailed {
    Set<String> known = timeZones;
    if (known == null) {
      known = failing(Asker.ANYBODY, this::readTimeZones);
      timeZones = known;
    }
    return known.contains(name);
  }

  private Set<String> readTimeZones() throws SQLException {
    Set<String> names = new HashSet<>();
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select name from pg_timezone_names")) {
      while (row.next()) {
        names.add(row.getString(1));
      }
    }
    return names;
  }

  @Override
  public Answer rows(Question question) throws StoreFailed {
    Long asked = question.query().limit();
    long limit = asked == null ? limits.rows() : Math.min(asked, limits.rows());
    if (limit > MOST_ROWS_AT_ONCE && !question.form().isSingular()) {
      return failing(question.asker(), () -> streamed(question, limit));
    }
    Optional<Answer> atOnce = failing(question.asker(), () -> atOnce(question, limit));
    return atOnce.isPresent()
        ? atOnce.get()
        : failing(question.asker(), () -> streamed(question, limit));
  }

  /** An answer that is made in one piece; empty where it is too long for that. */
  private Optional<Answer> atOnce(Question question, long limit) throws SQLException {
    try {
      return ask(
          question,
          RowsStatement.of(question, limit, limits.rows()),
          (connection, position, row) -> {
            long bytes = row.getLong("bytes");
            refuseIfTooLong(bytes);
            if (bytes > RowsStatement.MOST_BYTES && !question.form().isSingular()) {
              return Optional.empty();
            }
            byte[] body = row.getBytes("body");
            return Optional.of(
                rows(
                    question,
                    limit,
                    connection,
                    position,
                    row,
                    () -> new Answer.Body.Whole(body == null ? new byte[0] : body)));
          });
    } catch (PSQLException e) {
      if (SqlFailure.PROGRAM_LIMIT_EXCEEDED.equals(e.getSQLState())) {
        return Optional.empty(); // PostgreSQL has no text of more than 1 GB
      }
      throw e;
    }
  }

  private void refuseIfTooLong(long bytes) throws SQLException {
    if (limits.bytes() > 0 && bytes > limits.bytes()) {
      throw new SQLException(
          "the answer would have %d bytes, and the most are %d; ask for fewer rows or columns"
              .formatted(bytes, limits.bytes()),
          SqlFailure.PROGRAM_LIMIT_EXCEEDED);
    }
  }

  private Answer.Rows rows(
      Question question,
      long limit,
      Connection connection,
      Optional<Position> position,
      ResultSet row,
      JdbcCall<Answer.Body> body)
      throws SQLException {
    long rows = row.getLong("rows");
    long seen = row.getLong("total");
    Long counted = row.wasNull() ? null : Long.valueOf(seen);
    Long total =
        switch (question.count()) {
          case NONE -> uncut(question, rows, limit);
          case EXACT -> counted;
          case PLANNED -> Long.valueOf(planned(connection, question));
          case ESTIMATED ->
              seen > limits.rows()
                  ? Long.valueOf(Math.max(seen, planned(connection, question)))
                  : counted;
        };
    Answer.Page page = page(question, values(row, "near"), values(row, "far"));
    // The last that can fail: from then on a stream may be open.
    return new Answer.Rows(position, body.run(), rows, total, page);
  }

  /** Asks again, in one snapshot for what is told of the rows and the rows themselves. */
  private Answer streamed(Question question, long limit) throws SQLException {
    if (!streams.tryAcquire()) {
      throw new SQLException(
          "too many long answers are being written", SqlFailure.TOO_MANY_CONNECTIONS);
    }
    // Given back when nothing is streamed; a stream gives it back itself.
    AtomicBoolean isStreaming = new AtomicBoolean();
    Connection connection = null;
    try {
      connection = pool.getConnection();
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      return streamed(question, limit, connection, isStreaming);
    } finally {
      if (!isStreaming.get()) {
        if (connection != null) {
          connection.close();
        }
        streams.release();
      }
    }
  }

  private Answer streamed(
      Question question, long limit, Connection connection, AtomicBoolean isStreaming)
      throws SQLException {
    try (StatementTimeout.Bound _ = timeout.bound(connection, question.deadline())) {
      refuseIfTooDear(connection, question, RowsStatement.lines(question, limit));
      return SqlCall.run(
          connection,
          question.asker(),
          withPosition(question, RowsStatement.ends(question, limit, limits.rows())),
          row -> {
            if (!row.next()) {
              return new Answer.NotNow();
            }
            requireRole(question, row);
            return rows(
                question,
                limit,
                connection,
                source.read(row, 1),
                row,
                () -> {
                  RowStream stream =
                      RowStream.open(
                          connection, question, limit, limits.bytes(), blocking, streams::release);
                  isStreaming.set(true);
                  return stream.body();
                });
          });
    }
  }

  /** How many rows the planner expects. */
  private static long planned(Connection connection, Question question) throws SQLException {
    SelectStatement counted = SelectStatement.counted(question.model(), question.query());
    return plan(connection, question, counted).path("Plan Rows").asLong();
  }

  private static Answer.Page page(
      Question question,
      @Nullable List<Optional<String>> near,
      @Nullable List<Optional<String>> far) {
    boolean isBackwards = question.query().seek() != null && question.query().seek().isBackwards();
    return isBackwards ? new Answer.Page(far, near) : new Answer.Page(near, far);
  }

  private static @Nullable List<Optional<String>> values(ResultSet row, String column)
      throws SQLException {
    Array array = row.getArray(column);
    return array == null
        ? null
        : Arrays.stream((@Nullable String[]) array.getArray()).map(Optional::ofNullable).toList();
  }

  @Override
  public Answer row(Question question) throws StoreFailed {
    return failing(
        question.asker(),
        () ->
            ask(
                    question,
                    SelectStatement.row(question.model(), question.query(), question.form()),
                    (_, position, row) ->
                        Optional.of(
                            new Answer.Row(
                                position, row.getBytes("body"), row.getString("version"))))
                .orElseThrow());
  }

  /** The total that follows from an answer that was not cut; else null. */
  private static @Nullable Long uncut(Question question, long rows, long limit) {
    long offset = question.query().offset();
    return rows < limit && (rows > 0 || offset == 0) && question.query().seek() == null
        ? Long.valueOf(offset + rows)
        : null;
  }

  private interface RowReader {
    /** What the row says; empty where it says that it is not all. */
    Optional<Answer> read(Connection connection, Optional<Position> position, ResultSet row)
        throws SQLException;
  }

  private Optional<Answer> ask(Question question, SelectStatement select, RowReader reader)
      throws SQLException {
    SelectStatement whole = withPosition(question, select);
    try (Connection connection = pool.getConnection();
        StatementTimeout.Bound _ = timeout.bound(connection, question.deadline())) {
      refuseIfTooDear(connection, question, whole);
      return SqlCall.run(
          connection,
          question.asker(),
          whole,
          row -> {
            if (!row.next()) {
              return Optional.of(new Answer.NotNow());
            }
            requireRole(question, row);
            return reader.read(connection, source.read(row, 1), row);
          });
    }
  }

  private SelectStatement withPosition(Question question, SelectStatement select) {
    return new SelectStatement(
        "select p.*, a.*%s from (%s) p left join lateral (%s) a on true /* columns %x */"
            // PostgreSQL remembers of which types a statement's values are, also when a column is
            // of another: then it must be another statement.
            .formatted(
                question.asker().role() == null
                    ? ""
                    : ", current_user::text as \"%s\"".formatted(READ_AS),
                source.positionSql(question.model().name(), question.asker().role() != null),
                select.sql(),
                question.model().columns().hashCode()),
        select.values());
  }

  /** Where there is a ceiling, the planner is asked before each statement. */
  private void refuseIfTooDear(Connection connection, Question question, SelectStatement select)
      throws SQLException {
    if (limits.cost() == 0) {
      return;
    }
    double cost = plan(connection, question, select).path("Total Cost").asDouble();
    if (cost > limits.cost()) {
      throw new SQLException(
          "the planner expects this query to cost %.0f, and the ceiling is %.0f; narrow its filters"
              .formatted(cost, limits.cost()),
          SqlFailure.PROGRAM_LIMIT_EXCEEDED);
    }
  }

  private static JsonNode plan(Connection connection, Question question, SelectStatement select)
      throws SQLException {
    return SqlCall.run(
        connection,
        question.asker(),
        new SelectStatement("explain (format json) " + select.sql(), select.values()),
        plan -> {
          plan.next();
          return JSON.readTree(plan.getString(1)).path(0).path("Plan");
        });
  }

  /** Nothing that was read as another role is told. */
  private static void requireRole(Question question, ResultSet row) throws SQLException {
    String role = question.asker().role();
    if (role != null && !role.equals(row.getString(READ_AS))) {
      throw new SQLException(
          "the statement was run as %s, not as role \"%s\"".formatted(row.getString(READ_AS), role),
          SqlFailure.INSUFFICIENT_PRIVILEGE);
    }
  }
}
