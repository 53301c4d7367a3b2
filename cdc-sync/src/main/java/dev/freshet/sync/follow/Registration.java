package dev.freshet.sync.follow;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/** Which models a store has, as the read database knows it: keys of their rows are written. */
final class Registration {

  private final Connection connection;
  private final String store;
  private Set<String> registered = Set.of();

  Registration(Connection connection, String store) {
    this.connection = connection;
    this.store = store;
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
