package dev.freshet.runtime.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ReadDatabase;
import dev.freshet.protocol.SourceKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * A read database: its position is what cdc-sync has applied, in the same transaction as the rows.
 */
final class ReadDatabaseSource implements Source {

  @Override
  public SourceKind kind() {
    return SourceKind.READ_DATABASE;
  }

  @Override
  public String positionSql(String model, boolean asRole) {
    return asRole ? ReadDatabase.positionSqlAsRole(model) : ReadDatabase.positionSql(model);
  }

  @Override
  public boolean expects(Connection connection, String model) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(ReadDatabase.EXPECTED_SQL)) {
      statement.setString(1, model);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  @Override
  public Optional<Position> read(ResultSet row, int column) throws SQLException {
    return row.getBoolean(column + 2)
        ? Optional.of(new Position(row.getInt(column + 1), Lsn.parse(row.getString(column))))
        : Optional.empty();
  }

  @Override
  public Optional<String> systemIdentifier(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement(ReadDatabase.SYSTEM_IDENTIFIER_SQL);
        ResultSet row = statement.executeQuery()) {
      return row.next()
          ? Optional.of(row.getString(1)).filter(id -> !id.isEmpty())
          : Optional.empty();
    }
  }

  @Override
  public Optional<Progress> poll(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(ReadDatabase.POSITION_SQL);
        ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        return Optional.empty();
      }
      double lagSeconds = row.getDouble(4);
      return read(row, 1).map(position -> new Progress(position, lagSeconds, null));
    }
  }

  @Override
  public void nudge(Connection connection, Position wanted) throws SQLException {
    try (PreparedStatement notify = connection.prepareStatement("select pg_notify(?, ?)")) {
      notify.setString(1, ReadDatabase.WANTED_CHANNEL);
      notify.setString(2, wanted.lsn().toString());
      notify.execute();
    }
  }
}
