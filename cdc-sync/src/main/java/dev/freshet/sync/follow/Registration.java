package dev.freshet.sync.follow;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the read database knows of a store: the models that it has, so that keys of their rows are
 * written, and how its follower is, so that the sync can tell.
 */
final class Registration {

  private static final JsonMapper JSON = JsonMapper.shared();

  /** What is told is no older than this, and not told more often but where it changed. */
  private static final Duration TELL = Duration.ofSeconds(1);

  private final Connection connection;
  private final String store;
  private Set<String> registered = Set.of();
  private @Nullable FollowerState told;
  private long toldNanos;

  /**
   * Has not registered anything yet.
   *
   * @param connection of its own; what it commits need not outlive the read database's crash, as
   *     then the follower begins anew
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
   */
  void of(Set<String> models) throws SQLException {
    if (models.equals(registered)) {
      return;
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            insert into freshet.store (name, models) values (?, ?)
            on conflict (name) do update set models = excluded.models
            """)) {
      statement.setString(1, store);
      statement.setArray(2, connection.createArrayOf("text", models.toArray(String[]::new)));
      statement.execute();
    }
    awaitEarlierTransactions();
    registered = Set.copyOf(models);
  }

  /** Tells how the follower is. */
  void tell(FollowerState state) throws SQLException {
    FollowerState before = told;
    boolean isNews =
        before == null
            || before.phase() != state.phase()
            || !before.reason().equals(state.reason())
            || !before.models().equals(state.models())
            || System.nanoTime() - toldNanos >= TELL.toNanos();
    if (!isNews) {
      return;
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            insert into freshet.store (name, models, status, told_at)
            values (?, '{}', ?::json, clock_timestamp())
            on conflict (name) do update set status = excluded.status, told_at = excluded.told_at
            """)) {
      statement.setString(1, store);
      statement.setString(2, JSON.writeValueAsString(state.body(state.lagSeconds())));
      statement.execute();
    }
    told = state;
    toldNanos = System.nanoTime();
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
