package dev.freshet.runtime.source;

import dev.freshet.postgres.PrimaryPosition;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** The primary: what is committed is there. */
final class PrimarySource implements Source {

  @Override
  public SourceKind kind() {
    return SourceKind.PRIMARY;
  }

  @Override
  public String positionSql(String model, boolean asRole) {
    return PrimaryPosition.SQL;
  }

  @Override
  public Optional<Position> read(ResultSet row, int column) throws SQLException {
    return Optional.of(PrimaryPosition.read(row, column));
  }

  @Override
  public Optional<Progress> poll(Connection connection) throws SQLException {
    return Optional.of(new Progress(PrimaryPosition.ask(connection), 0, null));
  }
}
