package dev.freshet.write.run;

import dev.freshet.postgres.WriteProblems;
import dev.freshet.protocol.TraceMessage;
import dev.freshet.runtime.Deadline;
import dev.freshet.runtime.trace.TraceParent;
import dev.freshet.write.check.Binding;
import dev.freshet.write.check.PreparedSql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transaction of a command, on a connection without one. What is to be set for it travels with
 * the first statement that follows, in the same message.
 */
final class Transaction implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Transaction.class);

  /** A statement's limit is set again once so much of the time has gone. */
  private static final Duration MUCH = Duration.ofMillis(100);

  private final Connection connection;
  private final Mode mode;
  private final Observer observer;
  private final Deadline deadline;

  /** Statements that wait for the next one, and the values in them. */
  private final StringBuilder waiting = new StringBuilder();

  private final List<@Nullable String> values = new ArrayList<>();
  private int parts;
  private Duration leftWhenSet;
  private boolean isOpen = true;

  /**
   * Begins one; nothing is sent yet.
   *
   * @param client whose claims it has
   * @param meta what events say of where they come from, an object
   */
  Transaction(
      Connection connection,
      Mode mode,
      Observer observer,
      boolean isSerializable,
      Client client,
      String meta,
      Deadline deadline) {
    this.connection = connection;
    this.mode = mode;
    this.observer = observer;
    this.deadline = deadline;
    this.leftWhenSet = deadline.left();
    first(mode.begin(isSerializable));
    first(
        "select set_config('statement_timeout', ?, true), set_config('request.jwt.claims', ?, true), set_config('freshet.meta', ?, true)",
        Long.toString(deadline.millisLeft()),
        client.claims(),
        meta);
    TraceParent.current().ifPresent(trace -> first(TraceMessage.SQL, trace));
  }

  /** Runs something first, with the next statement. */
  void first(String sql, @Nullable String... bound) {
    waiting.append(sql).append("; ");
    parts++;
    values.addAll(Arrays.asList(bound));
  }

  /** Becomes a role, from the next statement on. */
  void become(String role) {
    first("select set_config('role', ?, true)", role);
  }

  /** The rows that a statement answers. */
  List<Map<String, @Nullable String>> rows(PreparedSql statement, Arguments arguments, int most)
      throws SQLException {
    List<@Nullable String> bound = new ArrayList<>();
    for (Binding binding : statement.bindings()) {
      bound.add(arguments.text(binding.name()));
    }
    return rows(statement.sql(), bound, most);
  }

  /**
   * The same of any statement.
   *
   * @param most so many are read at most
   */
  List<Map<String, @Nullable String>> rows(String sql, List<@Nullable String> bound, int most)
      throws SQLException {
    if (leftWhenSet.minus(deadline.left()).compareTo(MUCH) > 0) {
      leftWhenSet = deadline.left();
      first(
          "select set_config('statement_timeout', ?, true)", Long.toString(deadline.millisLeft()));
    }
    String text = waiting + sql;
    List<@Nullable String> all = new ArrayList<>(values);
    all.addAll(bound);
    int before = parts;
    waiting.setLength(0);
    values.clear();
    parts = 0;
    try (PreparedStatement statement = connection.prepareStatement(text)) {
      for (int i = 0; i < all.size(); i++) {
        bind(statement, i + 1, all.get(i));
      }
      long began = System.nanoTime();
      statement.execute();
      for (int i = 0; i < before; i++) {
        statement.getMoreResults();
      }
      List<Map<String, @Nullable String>> rows = read(statement, most);
      observer.saw(sql, rows.size(), Duration.ofNanos(System.nanoTime() - began));
      return rows;
    }
  }

  /** Without a type: PostgreSQL reads the text as what the statement makes of it. */
  private static void bind(PreparedStatement statement, int at, @Nullable String value)
      throws SQLException {
    if (value == null) {
      statement.setNull(at, Types.OTHER);
    } else {
      statement.setObject(at, value, Types.OTHER);
    }
  }

  private static List<Map<String, @Nullable String>> read(PreparedStatement statement, int most)
      throws SQLException {
    List<Map<String, @Nullable String>> rows = new ArrayList<>();
    try (ResultSet result = statement.getResultSet()) {
      if (result == null) {
        return rows;
      }
      ResultSetMetaData columns = result.getMetaData();
      while (rows.size() < most && result.next()) {
        Map<String, @Nullable String> row = new HashMap<>();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
          row.put(columns.getColumnLabel(i), result.getString(i));
        }
        rows.add(row);
      }
    }
    return rows;
  }

  /**
   * Commits.
   *
   * @throws OutcomeUnknown when the connection breaks meanwhile
   */
  void commit() throws SQLException {
    try {
      rows(mode.commit(), List.of(), 0);
      isOpen = mode == Mode.TRIED;
    } catch (SQLException e) {
      if (mode == Mode.COMMITTED && WriteProblems.isOfConnection(e)) {
        throw new OutcomeUnknown(e);
      }
      throw e;
    }
  }

  /**
   * Undoes everything that was not committed. A connection that can't is of no use any more; its
   * pool sees that.
   */
  @Override
  public void close() {
    if (!isOpen) {
      return;
    }
    isOpen = false;
    waiting.setLength(0);
    values.clear();
    parts = 0;
    try (Statement statement = connection.createStatement()) {
      statement.execute(mode.rollback());
    } catch (SQLException e) {
      log.debug("A transaction ended with its connection", e);
    }
  }
}
