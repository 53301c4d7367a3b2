package dev.freshet.read.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** A streaming replica: its position is what it has replayed. */
final class ReplicaSource implements Source {

  /**
   * LSN, timeline, lag. The timeline is the one that is received; the control file's is stale after
   * a promotion, and only good where nothing is received yet. A replica that has replayed all it
   * was sent has no lag: the time of its last transaction says nothing on an idle primary.
   */
  private static final String POLL =
      """
      select pg_last_wal_replay_lsn()::text,
        coalesce(receiver.received_tli, (select timeline_id from pg_control_checkpoint())),
        case
          when receiver.status = 'streaming'
            and receiver.flushed_lsn <= pg_last_wal_replay_lsn() then 0
          else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0)
        end
      from (select 1) one left join pg_stat_wal_receiver receiver on true
      """;

  private volatile int timeline = 1;

  @Override
  public SourceKind kind() {
    return SourceKind.REPLICA;
  }

  @Override
  public String positionSql(String model) {
    return "select pg_last_wal_replay_lsn()::text";
  }

  @Override
  public Optional<Position> read(ResultSet row, int column) throws SQLException {
    String lsn = row.getString(column);
    return lsn == null ? Optional.empty() : Optional.of(new Position(timeline, Lsn.parse(lsn)));
  }

  @Override
  public Optional<Progress> poll(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(POLL);
        ResultSet row = statement.executeQuery()) {
      row.next();
      timeline = row.getInt(2);
      double lagSeconds = row.getDouble(3);
      return read(row, 1).map(position -> new Progress(position, lagSeconds));
    }
  }
}
