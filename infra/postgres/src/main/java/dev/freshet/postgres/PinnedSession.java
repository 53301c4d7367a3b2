package dev.freshet.postgres;

/**
 * The session settings under which one SELECT means the same on every copy.
 *
 * <p>How values print, how dates are read, which text search configuration is meant and where
 * unqualified names are found all follow the session. They are pinned on every connection of every
 * part, after connecting: pgjdbc sets TimeZone itself, from the JVM's.
 */
public final class PinnedSession {

  /**
   * Sets the settings for the session. The search path never holds {@code read}: a read model's
   * SELECT names base tables, and must not find a model of the same name.
   */
  public static final String SQL =
      """
      select set_config('TimeZone', 'UTC', false), \
      set_config('DateStyle', 'ISO, YMD', false), \
      set_config('IntervalStyle', 'postgres', false), \
      set_config('lc_monetary', 'C', false), \
      set_config('extra_float_digits', '1', false), \
      set_config('bytea_output', 'hex', false), \
      set_config('default_text_search_config', 'pg_catalog.simple', false), \
      set_config('search_path', 'public', false)""";

  private PinnedSession() {}
}
