package dev.freshet.runtime.source;

import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** How a kind of source tells its position. */
public sealed interface Source permits PrimarySource, ReplicaSource, ReadDatabaseSource {

  static Source of(SourceKind kind) {
    return switch (kind) {
      case PRIMARY -> new PrimarySource();
      case REPLICA -> new ReplicaSource();
      case READ_DATABASE -> new ReadDatabaseSource();
      case SEARCH -> throw new IllegalArgumentException("A search store is no PostgreSQL");
    };
  }

  SourceKind kind();

  /**
   * A query of one row that, as part of a statement, tells a position at or past everything the
   * statement sees: PostgreSQL takes the snapshot before it evaluates the row.
   *
   * @param model the name of the model that the statement reads
   * @param asRole whether it is asked as the role of a client, which may see less than the login
   */
  String positionSql(String model, boolean asRole);

  /**
   * Reads the row of {@link #positionSql}, from {@code column} on.
   *
   * @return empty when the source is not to be read from now
   */
  Optional<Position> read(ResultSet row, int column) throws SQLException;

  /** Whether a model that is not there is going to be: then another copy may have it already. */
  default boolean expects(Connection connection, String model) throws SQLException {
    return false;
  }

  /** PostgreSQL's name of the system that the data come from; empty while that is unknown. */
  default Optional<String> systemIdentifier(Connection connection) throws SQLException {
    return one(connection, "select system_identifier::text from pg_control_system()");
  }

  private static Optional<String> one(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
    }
  }

  /** Asks how far the source is now. */
  Optional<Progress> poll(Connection connection) throws SQLException;

  /** What a poll that told no position means. */
  default String whyNowhere() {
    return "it tells no position yet";
  }

  /**
   * Called while somebody waits for a position that does not come.
   *
   * @param wanted the lowest position waited for
   */
  default void nudge(Connection connection, Position wanted) throws SQLException {}
}
