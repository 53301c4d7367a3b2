package dev.freshet.postgres;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Asks a primary how far its log is on disk.
 *
 * <p>After COMMIT, with {@code synchronous_commit} other than off, the flush position is at or past
 * the commit. The insert position would be too, but it also covers other sessions' log that nobody
 * has flushed yet, for which replicas would wait in vain.
 */
public final class PrimaryPosition {

  /** One row: LSN as text, timeline, size of a log segment in bytes. */
  public static final String SQL =
      """
      select flushed::text, \
      ('x' || substr(pg_walfile_name(flushed), 1, 8))::bit(32)::int, \
      pg_size_bytes(current_setting('wal_segment_size')) \
      from pg_current_wal_flush_lsn() flushed""";

  private PrimaryPosition() {}

  /**
   * Asks now, on this connection.
   *
   * @throws SQLException also when the server is a standby (SQLSTATE 55000)
   */
  public static Position ask(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SQL);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return read(row, 1);
    }
  }

  /** Reads the row's three columns, from {@code column} on. */
  public static Position read(ResultSet row, int column) throws SQLException {
    return new Position(
        row.getInt(column + 1),
        Lsn.parse(row.getString(column)).beforePageHeader(row.getLong(column + 2)));
  }
}
