package dev.freshet.sync.apply;

import dev.freshet.postgres.TextSearch;
import dev.freshet.sync.model.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The apply connection, with its statements kept prepared: the same few run for every batch.
 *
 * <p>All values are {@code text[]}; the statements cast them.
 */
public final class Sql implements AutoCloseable {

  /** Rows that {@link #queryInChunks} holds at a time. */
  static final int ROWS_FETCHED = 2_000;

  private static final int STATEMENTS_KEPT = 256;

  private final Connection connection;

  private final Map<String, PreparedStatement> prepared =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, PreparedStatement> eldest) {
          if (size() <= STATEMENTS_KEPT) {
            return false;
          }
          try {
            eldest.getValue().close();
          } catch (SQLException e) {
            throw new ApplyFailed(e);
          }
          return true;
        }
      };

  /** Takes a connection, and closes it with itself. */
  public Sql(Connection connection) {
    this.connection = connection;
    // A generic plan takes an array for ten keys; for thousands that plan is quadratic.
    run("set plan_cache_mode = force_custom_plan");
  }

  public Connection connection() {
    return connection;
  }

  /** The server's major version. */
  public int serverMajor() {
    try {
      return connection.getMetaData().getDatabaseMajorVersion();
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /** Runs statements that take no values. */
  public void run(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /** The same; where what it names has been dropped meanwhile, nothing is to be done. */
  public void runUnlessGone(String sql) {
    try {
      run(sql);
    } catch (ApplyFailed e) {
      if (!e.isGone()) {
        throw e;
      }
    }
  }

  /** A relation's comment, empty text where it has none; no row when there is no such relation. */
  public List<List<@Nullable String>> commentOf(String quotedName) {
    return query(
        "select coalesce(obj_description(oid, 'pg_class'), '') from pg_class where oid = to_regclass(%s)"
            .formatted(TableName.literal(quotedName)),
        List.of());
  }

  /**
   * A relation's columns in order, each with its type, but {@link TextSearch#COLUMN}, which is not
   * of a row; none when there is no such relation.
   */
  List<List<@Nullable String>> columnsOf(String quotedName) {
    return query(
        """
        select attname, format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped and attname <> %s
        order by attnum
        """
            .formatted(TableName.literal(quotedName), TableName.literal(TextSearch.COLUMN)),
        List.of());
  }

  /** Runs a change, and says how many rows it touched. */
  public int update(String sql, List<? extends @Nullable String[]> arrays) {
    try {
      return bound(sql, arrays).executeUpdate();
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /** Runs a query and returns its rows as text. */
  public List<List<@Nullable String>> query(String sql, List<? extends @Nullable String[]> arrays) {
    try (ResultSet result = bound(sql, arrays).executeQuery()) {
      int columns = result.getMetaData().getColumnCount();
      List<List<@Nullable String>> rows = new ArrayList<>();
      while (result.next()) {
        rows.add(row(result, columns));
      }
      return rows;
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /**
   * Runs a query and hands its rows on as text, at most {@link #ROWS_FETCHED} at a time; other
   * statements may run between. Needs an open transaction.
   */
  void queryInChunks(
      String sql,
      List<? extends @Nullable String[]> arrays,
      Consumer<List<List<@Nullable String>>> chunks) {
    try {
      PreparedStatement statement = bound(sql, arrays);
      statement.setFetchSize(ROWS_FETCHED);
      try (ResultSet result = statement.executeQuery()) {
        int columns = result.getMetaData().getColumnCount();
        List<List<@Nullable String>> chunk = new ArrayList<>();
        while (result.next()) {
          chunk.add(row(result, columns));
          if (chunk.size() == ROWS_FETCHED) {
            chunks.accept(chunk);
            chunk = new ArrayList<>();
          }
        }
        if (!chunk.isEmpty()) {
          chunks.accept(chunk);
        }
      }
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /** Works in a transaction; what it throws rolls that back. */
  public void inTransaction(Runnable work) {
    try {
      connection.setAutoCommit(false);
      try {
        work.run();
        connection.commit();
      } catch (Throwable e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  private static List<@Nullable String> row(ResultSet result, int columns) throws SQLException {
    List<@Nullable String> row = new ArrayList<>(columns);
    for (int i = 1; i <= columns; i++) {
      row.add(result.getString(i));
    }
    return row;
  }

  private PreparedStatement bound(String sql, List<? extends @Nullable String[]> arrays)
      throws SQLException {
    PreparedStatement statement = prepared.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      prepared.put(sql, statement);
    }
    for (int i = 0; i < arrays.size(); i++) {
      statement.setArray(i + 1, connection.createArrayOf("text", arrays.get(i)));
    }
    return statement;
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }
}
