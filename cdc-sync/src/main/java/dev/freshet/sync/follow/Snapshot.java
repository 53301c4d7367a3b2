package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.ReadDatabase;
import dev.freshet.search.Json;
import dev.freshet.sync.apply.ModelStore;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Place;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A read database at one place: rows, and what a store does not have of them yet. */
final class Snapshot implements AutoCloseable {

  /** The state of a model that readers have, as the read database writes it. */
  static final String LIVE = ModelStore.State.LIVE.name().toLowerCase(Locale.ROOT);

  private static final int ROWS_FETCHED = 1_000;

  /** It keeps the table from being swapped, and its dead rows from being removed. */
  private static final Duration LONGEST_COMPARISON = Duration.ofHours(1);

  private final Connection connection;
  private final At at;

  /**
   * Where it is.
   *
   * @param isComplete whether the models may be read at all
   * @param committedAt when what comes next would have been committed, as far as is known: now,
   *     less the lag
   */
  record At(
      Place place,
      boolean isComplete,
      String systemIdentifier,
      Instant committedAt,
      double lagSeconds) {}

  private Snapshot(Connection connection, At at) {
    this.connection = connection;
    this.at = at;
  }

  /** Opens a connection to take snapshots on, one after the other. */
  static Connection connect(PostgresUrl readDatabase) throws SQLException {
    Connection connection = Connections.open(readDatabase, "freshet-follow");
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setReadOnly(true);
    return connection;
  }

  /**
   * Takes one.
   *
   * @param connection that {@link #connect} opened; the snapshot's until that is closed
   * @param tables to be as they are now until this is closed; LOCK takes no snapshot, so that one
   *     that is swapped meanwhile is not seen empty
   */
  static Snapshot of(Connection connection, Collection<String> tables) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!tables.isEmpty()) {
        statement.execute(
            "lock table %s in access share mode"
                .formatted(
                    tables.stream()
                        .sorted()
                        .map(table -> "read." + TableName.quoted(table))
                        .collect(Collectors.joining(", "))));
      }
      return new Snapshot(connection, at(statement));
    }
  }

  private static At at(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            """
            select p.timeline, p.lsn, p.readable, s.system_identifier,
              clock_timestamp() - make_interval(secs => p.lag::double precision), p.lag
            from (%s) p(lsn, timeline, readable, lag), freshet.position s
            """
                .formatted(ReadDatabase.POSITION_SQL))) {
      row.next();
      return new At(
          Place.of(row.getInt(1), row.getString(2)),
          row.getBoolean(3),
          row.getString(4),
          row.getObject(5, OffsetDateTime.class).toInstant(),
          row.getDouble(6));
    }
  }

  At at() {
    return at;
  }

  Connection connection() {
    return connection;
  }

  /**
   * Opens a connection that sees the same, however long, and may write temporary tables.
   *
   * @throws SQLException after a moment where the table is being altered: whoever waits to do that
   *     waits for this snapshot
   */
  Connection connectBeside(PostgresUrl readDatabase, String table) throws SQLException {
    String id;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select pg_export_snapshot()")) {
      row.next();
      id = row.getString(1);
    }
    Connection beside = Connections.open(readDatabase, "freshet-follow-verify");
    try (Statement statement = beside.createStatement()) {
      beside.setAutoCommit(false);
      beside.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      statement.execute("set transaction snapshot '%s'".formatted(id));
      statement.execute(
          "set local lock_timeout = '200ms'; set local statement_timeout = '%dmin'"
              .formatted(LONGEST_COMPARISON.toMinutes()));
      statement.execute(
          "lock table read.%s in access share mode".formatted(TableName.quoted(table)));
      return beside;
    } catch (SQLException | RuntimeException e) {
      beside.close();
      throw e;
    }
  }

  /** The models that readers of the read database have. */
  Set<String> live() throws SQLException {
    Set<String> live = new LinkedHashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select name from freshet.model where state = '%s'".formatted(LIVE))) {
      while (row.next()) {
        live.add(row.getString(1));
      }
    }
    return live;
  }

  /**
   * What a store does not have yet.
   *
   * @param last the number of the last of them
   * @param keys by model, how many rows changed
   * @param resets models of which any row may have changed
   */
  record Pending(long last, Map<String, Long> keys, Set<String> resets) {

    long all() {
      return keys.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /**
   * Looks at the keys that wait.
   *
   * @throws IllegalStateException when the read database does not know the store here: then it has
   *     written no keys, and the follower has to register it again
   */
  Pending pending(String store) throws SQLException {
    long last = 0;
    Map<String, Long> keys = new LinkedHashMap<>();
    Set<String> resets = new LinkedHashSet<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            select f.model, max(f.seq), count(distinct f.key), bool_or(f.key is null)
            from freshet.store s left join freshet.followed f on f.store = s.name
            where s.name = ? group by f.model
            """)) {
      statement.setString(1, store);
      try (ResultSet row = statement.executeQuery()) {
        boolean isKnown = false;
        while (row.next()) {
          isKnown = true;
          String model = row.getString(1);
          if (model == null) {
            continue; // nothing waits
          }
          last = Math.max(last, row.getLong(2));
          if (row.getLong(3) > 0) {
            keys.put(model, row.getLong(3));
          }
          if (row.getBoolean(4)) {
            resets.add(model);
          }
        }
        if (!isKnown) {
          throw new IllegalStateException(
              "The row of store %s was deleted from freshet.store".formatted(store));
        }
      }
    }
    return new Pending(last, keys, resets);
  }

  interface Rows {
    void take(List<List<@Nullable String>> rows) throws SQLException;
  }

  /** All rows of a model, some at a time. */
  void all(FollowedModel model, Rows rows) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(model.all())) {
      inChunks(statement, rows);
    }
  }

  interface Changes {
    void take(ModelDelta.Rows changes) throws SQLException;
  }

  /**
   * The rows of a model that changed, some at a time: those that are gone, and the others as they
   * are.
   */
  void changed(String store, FollowedModel model, Changes changes) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "select distinct key from freshet.followed where store = ? and model = ? and key is not null")) {
      statement.setString(1, store);
      statement.setString(2, model.model().name());
      inChunks(
          statement,
          rows -> {
            List<List<@Nullable String>> keys = new ArrayList<>(rows.size());
            rows.forEach(row -> keys.add(Json.ofTexts(String.valueOf(row.getFirst()))));
            changes.take(changesOf(model, keys));
          });
    }
  }

  private ModelDelta.Rows changesOf(FollowedModel model, List<List<@Nullable String>> keys)
      throws SQLException {
    ModelShape shape = model.shape();
    Map<List<@Nullable String>, List<@Nullable String>> found = new LinkedHashMap<>();
    boolean hasNulls = keys.stream().anyMatch(key -> key.contains(null));
    try (PreparedStatement statement = connection.prepareStatement(model.byKeys(hasNulls))) {
      List<@Nullable String[]> arrays = model.key().arrays(keys);
      for (int i = 0; i < arrays.size(); i++) {
        Array array = connection.createArrayOf("text", arrays.get(i));
        statement.setArray(i + 1, array);
      }
      inChunks(
          statement,
          rows -> {
            for (List<@Nullable String> row : rows) {
              found.put(shape.keyOf(row), row);
            }
          });
    }
    Set<List<@Nullable String>> removed = new LinkedHashSet<>(keys);
    removed.removeAll(found.keySet());
    return new ModelDelta.Rows(shape, removed, found);
  }

  private static void inChunks(PreparedStatement statement, Rows rows) throws SQLException {
    statement.setFetchSize(ROWS_FETCHED);
    try (ResultSet result = statement.executeQuery()) {
      int columns = result.getMetaData().getColumnCount();
      List<List<@Nullable String>> chunk = new ArrayList<>();
      while (result.next()) {
        List<@Nullable String> row = new ArrayList<>(columns);
        for (int i = 1; i <= columns; i++) {
          row.add(result.getString(i));
        }
        chunk.add(row);
        if (chunk.size() == ROWS_FETCHED) {
          rows.take(chunk);
          chunk = new ArrayList<>();
        }
      }
      if (!chunk.isEmpty()) {
        rows.take(chunk);
      }
    }
  }

  @Override
  public void close() throws SQLException {
    connection.rollback(); // it was only read
  }
}
