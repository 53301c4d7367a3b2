package dev.freshet.runtime.source;

import dev.freshet.protocol.Lsn;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ReceivedTimeline;
import dev.freshet.protocol.SourceKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** A streaming replica: its position is what it has replayed. */
final class ReplicaSource implements Source {

  /**
   * LSN, timeline that is received, timeline of the last restart point, lag, whether the role may
   * see what is received, and whether replay is paused or about to be. The timeline of the restart
   * point is stale after a promotion, and only good where nothing was received yet. A replica that
   * has replayed all it was sent has no lag: the time of its last transaction says nothing on an
   * idle primary.
   */
  private static final String POLL =
      """
      select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end::text,
        receiver.received_tli,
        (select timeline_id from pg_control_checkpoint()),
        case
          when receiver.status = 'streaming'
            and receiver.flushed_lsn <= pg_last_wal_replay_lsn() then 0
          else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0)
        end,
        receiver.pid is null or receiver.status is not null,
        case when pg_is_in_recovery() then pg_is_wal_replay_paused() end,
        to_regprocedure('%s') is not null
      from (select 1) one left join pg_stat_wal_receiver receiver on true
      """
          .formatted(ReceivedTimeline.CALL);

  /**
   * LSN and timeline, the latter null for roles that may not see it. A replica that was promoted is
   * none any more: what it replayed last says nothing of what it holds.
   */
  private static final String STAMP =
      "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end::text, (select received_tli from pg_stat_get_wal_receiver())";

  /** The same for roles of clients, where the source has the function for it. */
  private static final String STAMP_AS_ROLE =
      "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end::text, "
          + ReceivedTimeline.CALL;

  private volatile int timeline = 1;
  private volatile boolean hasFunction;

  @Override
  public SourceKind kind() {
    return SourceKind.REPLICA;
  }

  @Override
  public String whyNowhere() {
    return "it is no replica: it was promoted, or this is the URL of another server";
  }

  @Override
  public String positionSql(String model, boolean asRole) {
    return asRole && hasFunction ? STAMP_AS_ROLE : STAMP;
  }

  @Override
  public Optional<Position> read(ResultSet row, int column) throws SQLException {
    String lsn = row.getString(column);
    int received = row.getInt(column + 1);
    return lsn == null
        ? Optional.empty()
        : Optional.of(new Position(received == 0 ? timeline : received, Lsn.parse(lsn)));
  }

  @Override
  public Optional<Progress> poll(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(POLL);
        ResultSet row = statement.executeQuery()) {
      row.next();
      if (!row.getBoolean(5)) {
        throw new IllegalStateException(
            "the role %s may not see the replica's WAL receiver, without which nobody knows the timeline; on the primary: grant pg_read_all_stats to %1$s"
                .formatted(connection.getMetaData().getUserName()));
      }
      hasFunction = row.getBoolean(7);
      int received = row.getInt(2);
      timeline = received == 0 ? Math.max(timeline, row.getInt(3)) : received;
      double lagSeconds = row.getDouble(4);
      boolean isPaused = row.getBoolean(6);
      return read(row, 1).map(position -> new Progress(position, lagSeconds, isPaused));
    }
  }
}
