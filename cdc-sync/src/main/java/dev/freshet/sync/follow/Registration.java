package dev.freshet.sync.follow;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the read database knows of a store: the models that it has, so that keys of their rows are
 * written, and how its follower is, for the sync to report.
 */
final class Registration {

  private static final JsonMapper JSON = JsonMapper.shared();

  /** How often it reports what has not changed. */
  private static final Duration REPORT = Duration.ofSeconds(1);

  private final Connection connection;
  private final String store;
  private @Nullable Set<String> registered;
  private @Nullable FollowerState reported;
  private long reportedNanos;

  /**
   * Has not registered anything yet.
   *
   * @param connection of its own; what it commits need not outlive the read database's crash, as
   *     then the follower begins again
   */
  Registration(Connection connection, String store) throws SQLException {
    this.connection = connection;
    this.store = store;
    try (Statement statement = connection.createStatement()) {
      statement.execute("set synchronous_commit = off");
    }
  }

  /**
   * Has keys of these models written from now on: in each transaction that is committed after this
   * returns.
   *
   * @return whether the read database did not know the store, so that no keys were written for it
   */
  boolean of(Set<String> models) throws SQLException {
    if (models.equals(registered)) {
      return false;
    }
    boolean isNew;
    try (PreparedStatement known =
            connection.prepareStatement("update freshet.store set models = ? where name = ?");
        PreparedStatement unknown =
            connection.prepareStatement("insert into freshet.store (models, name) values (?, ?)")) {
      isNew = run(known, models) == 0;
      if (isNew) {
        run(unknown, models);
      }
    }
    awaitEarlierTransactions();
    registered = Set.copyOf(models);
    return isNew;
  }

  /**
   * What no other follower of another store has, to write down in the store: the read database's
   * server and database, and the store's name.
   */
  String writer() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select system_identifier || '/' || current_database() from pg_control_system()")) {
      row.next();
      return row.getString(1) + "/" + store;
    }
  }

  /** How many changed rows the store does not have yet. */
  long pendingKeys() throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "select count(distinct (model, key)) from freshet.followed where store = ? and key is not null")) {
      statement.setString(1, store);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private int run(PreparedStatement statement, Set<String> models) throws SQLException {
    statement.setArray(1, connection.createArrayOf("text", models.toArray(String[]::new)));
    statement.setString(2, store);
    return statement.executeUpdate();
  }

  /** Reports how the follower is, once it is registered. */
  void report(LatestState latest) throws SQLException {
    FollowerState state = latest.now();
    FollowerState before = reported;
    boolean isNews =
        before == null
            || before.phase() != state.phase()
            || !before.reason().equals(state.reason())
            || !before.models().equals(state.models())
            || System.nanoTime() - reportedNanos >= REPORT.toNanos();
    if (!isNews) {
      return;
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            "update freshet.store set status = ?::json, told_at = clock_timestamp() where name = ?")) {
      statement.setString(1, JSON.writeValueAsString(state.body(latest.lagSeconds())));
      statement.setString(2, store);
      statement.executeUpdate();
    }
    reported = state;
    reportedNanos = System.nanoTime();
  }

  /** One that has not seen the registration holds a lock until it ends. */
  private void awaitEarlierTransactions() throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("lock table freshet.followed in share mode");
      connection.commit();
    } finally {
      connection.setAutoCommit(true);
    }
  }
}
