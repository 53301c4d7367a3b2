package dev.freshet.sync.apply;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.Place;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The one row that says how far the read database is, in {@code freshet.position}. */
public final class PositionStore {

  /** Held for as long as a process keeps this read database in step. */
  private static final long LEADER_LOCK = 0x66726573686574L; // "freshet"

  private final JdbcClient db;

  public PositionStore(JdbcClient db) {
    this.db = db;
  }

  /**
   * What the row says.
   *
   * @param systemIdentifier the source's, unsigned
   * @param place applied up to here; before the first copy is complete, nothing
   * @param complete whether the first copy is complete
   * @param epoch grows with each process that takes over
   * @param paused whether an operator has paused it
   */
  public record Stored(
      String systemIdentifier, Place place, boolean complete, long epoch, boolean paused) {

    /** What this read database has of a source. */
    public Held held() {
      return new Held(systemIdentifier, complete ? place : null);
    }
  }

  /** Makes the schema and the row where they are not there yet. */
  public void install() {
    db.sql("create schema if not exists freshet").update();
    db.sql(
            """
            create table if not exists freshet.position (
              only_row          boolean primary key default true check (only_row),
              system_identifier text not null,
              timeline          integer not null,
              lsn               pg_lsn not null,
              state             text not null check (state in ('snapshot', 'streaming')),
              epoch             bigint not null,
              committed_at      timestamptz not null,
              applied_at        timestamptz not null,
              paused            boolean not null default false,
              history           text not null default ''
            )
            """)
        .update();
    db.sql("alter table freshet.position add column if not exists history text not null default ''")
        .update();
    db.sql(
            """
            insert into freshet.position
            values (true, '', 1, '0/0', 'snapshot', 0, now(), now())
            on conflict do nothing
            """)
        .update();
  }

  /**
   * Makes sure that the source is not copied onto itself.
   *
   * @throws SyncRefused when this is the source's own database
   */
  public void requireOtherDatabaseThan(ChangeSource.Origin origin) {
    boolean same =
        db.sql(
                """
                select system_identifier::text = :system and current_database() = :database
                from pg_control_system()
                """)
            .param("system", origin.system())
            .param("database", origin.database())
            .query(Boolean.class)
            .single();
    if (same) {
      throw new SyncRefused(
          "The read database is the source itself, whose tables would be replaced. Name another one with --read-database.");
    }
  }

  /** Takes the leader's lock for this connection's lifetime; false when another process has it. */
  public boolean tryLead() {
    return db.sql("select pg_try_advisory_lock(:lock)")
        .param("lock", LEADER_LOCK)
        .query(Boolean.class)
        .single();
  }

  /** Begins an epoch of one's own, and says what the predecessor left. */
  public Stored takeOver() {
    return db.sql(
            """
            update freshet.position set epoch = epoch + 1
            returning system_identifier, timeline, lsn::text, state = 'streaming', epoch, paused
            """)
        .query(
            (row, number) ->
                new Stored(
                    row.getString(1),
                    Place.of(row.getInt(2), row.getString(3)),
                    row.getBoolean(4),
                    row.getLong(5),
                    row.getBoolean(6)))
        .single();
  }

  /** Says that a first copy is being made: readers stay away until it is complete. */
  public void beginCopy(String systemIdentifier, long epoch) {
    require(
        db.sql(
                """
                update freshet.position
                set state = 'snapshot', system_identifier = :system, lsn = '0/0'
                where epoch = :epoch
                """)
            .param("system", systemIdentifier)
            .param("epoch", epoch)
            .update());
  }

  /** Says that the first copy is complete. */
  public void completeCopy(Place at, long epoch) {
    require(
        db.sql(
                """
                update freshet.position
                set state = 'streaming', timeline = :timeline, lsn = :lsn::pg_lsn,
                  committed_at = now(), applied_at = now()
                where epoch = :epoch and state = 'snapshot'
                """)
            .param("timeline", at.epoch())
            .param("lsn", at.mark())
            .param("epoch", epoch)
            .update());
  }

  /** Says where the timelines before the source's own ended. */
  void storeHistory(TimelineHistory history, long epoch) {
    require(
        db.sql("update freshet.position set history = :history where epoch = :epoch")
            .param("history", history.toString())
            .param("epoch", epoch)
            .update());
  }

  /** Moves from one position to a later one. */
  public void advance(Place from, Place to, Instant committedAt, long epoch) {
    require(
        db.sql(
                """
                update freshet.position
                set timeline = :timeline, lsn = :to::pg_lsn,
                  committed_at = :committedAt, applied_at = clock_timestamp()
                where epoch = :epoch and lsn = :from::pg_lsn and state = 'streaming'
                """)
            .param("timeline", to.epoch())
            .param("to", to.mark())
            .param("committedAt", committedAt.atOffset(ZoneOffset.UTC))
            .param("epoch", epoch)
            .param("from", from.mark())
            .update());
  }

  /**
   * Says that the source had nothing beyond a position: there was no lag then. It may be lost in a
   * crash, so nobody waits for the disk.
   *
   * @param ago how long ago the source was asked
   */
  public void confirmLevel(Place at, Duration ago, long epoch) {
    db.sql("set local synchronous_commit = off").update();
    require(
        db.sql(
                """
                update freshet.position
                set committed_at = now() - :micros * interval '1 microsecond', applied_at = now()
                where epoch = :epoch and lsn = :at::pg_lsn and state = 'streaming'
                """)
            .param("micros", ago.toNanos() / 1_000)
            .param("epoch", epoch)
            .param("at", at.mark())
            .update());
  }

  /**
   * Makes sure that nobody has taken over since an epoch began.
   *
   * @throws IllegalStateException when somebody has
   */
  void requireEpoch(long epoch) {
    require(
        db.sql("select 1 from freshet.position where epoch = :epoch for share")
            .param("epoch", epoch)
            .query(Integer.class)
            .list()
            .size());
  }

  private static void require(int rows) {
    if (rows != 1) {
      throw new IllegalStateException(
          "Another process has taken over this read database; nothing was applied");
    }
  }

  /** Remembers whether an operator has paused it, over restarts too. */
  public void setPaused(boolean paused) {
    db.sql("update freshet.position set paused = :paused").param("paused", paused).update();
  }
}
