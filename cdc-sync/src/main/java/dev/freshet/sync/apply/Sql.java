package dev.freshet.sync.apply;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The apply connection, with its statements kept prepared: the same few run for every batch.
 *
 * <p>All values are {@code text[]}; the statements cast them.
 */
final class Sql implements AutoCloseable {

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

  Sql(Connection connection) {
    this.connection = connection;
    // A generic plan takes an array for ten keys; for thousands that plan is quadratic.
    run("set plan_cache_mode = force_custom_plan");
  }

  Connection connection() {
    return connection;
  }

  /** Runs statements that take no values. */
  void run(String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /** A relation's comment, empty text where it has none; no row when there is no such relation. */
  List<List<@Nullable String>> commentOf(String quotedName) {
    return query(
        "select coalesce(obj_description(oid, 'pg_class'), '') from pg_class where oid = to_regclass('%s')"
            .formatted(quotedName.replace("'", "''")),
        List.of());
  }

  /** Runs a change, and says how many rows it touched. */
  int update(String sql, List<? extends @Nullable String[]> arrays) {
    try {
      return bound(sql, arrays).executeUpdate();
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
  }

  /** Runs a query and returns its rows as text. */
  List<List<@Nullable String>> query(String sql, List<? extends @Nullable String[]> arrays) {
    try (ResultSet result = bound(sql, arrays).executeQuery()) {
      int columns = result.getMetaData().getColumnCount();
      List<List<@Nullable String>> rows = new ArrayList<>();
      while (result.next()) {
        List<@Nullable String> row = new ArrayList<>(columns);
        for (int i = 1; i <= columns; i++) {
          row.add(result.getString(i));
        }
        rows.add(row);
      }
      return rows;
    } catch (SQLException e) {
      throw new ApplyFailed(e);
    }
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
