package dev.freshet.protocol;

/**
 * The timeline that a replica receives, told to roles that may not see the WAL receiver: by a
 * function that the sync makes beside views that have rules.
 */
public final class ReceivedTimeline {

  /** Calls it; also its name, as {@code to_regprocedure} takes it. */
  public static final String CALL = "read.freshet_received_timeline()";

  /** Makes it. Its owner has to be allowed to see it, as members of pg_read_all_stats are. */
  public static final String FUNCTION_SQL =
      """
      create or replace function %s returns integer
      language sql stable security definer set search_path = pg_catalog as $$
        select received_tli from pg_stat_get_wal_receiver() $$
      """
          .formatted(CALL);

  private ReceivedTimeline() {}
}
