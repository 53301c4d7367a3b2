package dev.freshet.protocol;

/**
 * What a read database tells of itself, in its schema {@code freshet}: written by cdc-sync, read by
 * the read-backends.
 */
public final class ReadDatabase {

  /**
   * One row: LSN as text, timeline, whether the read models are complete, lag in seconds. In one
   * statement with a read model, it says exactly which position that model is at.
   *
   * <p>The lag is the delay of the last applied transaction from its commit, plus how overdue the
   * next one is: cdc-sync moves or confirms the position at least every {@value #CONFIRM_SECONDS}
   * s.
   */
  public static final String POSITION_SQL =
      """
      select lsn::text, timeline, state = 'streaming', \
      greatest(extract(epoch from applied_at - committed_at), 0) \
      + greatest(extract(epoch from clock_timestamp() - applied_at) - %d, 0) \
      from freshet.position"""
          .formatted(ReadDatabase.CONFIRM_SECONDS);

  /**
   * The same for one model: it is not to be read, either, while its table does not follow.
   *
   * @param model its name
   */
  public static String positionSql(String model) {
    return POSITION_SQL.replace(
        "state = 'streaming'",
        "(state = 'streaming' and exists (select from freshet.model m where m.name = '%s' and m.state = 'live'))"
            .formatted(model.replace("'", "''")));
  }

  /**
   * Makes what {@link #positionSqlAsRole} asks: it reads, in the snapshot of the statement that
   * calls it, what roles of clients may not.
   */
  public static final String POSITION_FUNCTION_SQL =
      """
      create or replace function freshet.position_of(
        model text, out lsn text, out timeline integer, out readable boolean)
      returns setof record language sql stable security definer set search_path = pg_catalog as $$
        select lsn::text, timeline, state = 'streaming'
          and exists (select from freshet.model m where m.name = $1 and m.state = 'live')
        from freshet.position $$
      """;

  /**
   * As {@link #positionSql}, for roles that may not read the schema's tables; without a lag.
   *
   * @param model its name
   */
  public static String positionSqlAsRole(String model) {
    return "select * from freshet.position_of('%s')".formatted(model.replace("'", "''"));
  }

  /** Whether a model of the name bound is kept here, or is going to be: one boolean. */
  public static final String EXPECTED_SQL =
      "select exists (select from freshet.model where name = ?)";

  /** The identifier of the system whose data are here; empty before they are. */
  public static final String SYSTEM_IDENTIFIER_SQL =
      "select system_identifier from freshet.position";

  /** How often the position of an idle system is confirmed, in seconds. */
  public static final int CONFIRM_SECONDS = 1;

  /**
   * NOTIFY channel on which a reader that waits in vain asks for a ping: the position may be one
   * that no transaction ever ends at. The payload is the LSN waited for.
   */
  public static final String WANTED_CHANNEL = "freshet_wanted";

  /** NOTIFY channel that tells of new events, or that the log of events begins again. */
  public static final String EVENTS_CHANNEL = "freshet_events";

  /** NOTIFY channel that wakes up the followers of stores: a batch is committed. */
  public static final String FOLLOWED_CHANNEL = "freshet_followed";

  private ReadDatabase() {}
}
