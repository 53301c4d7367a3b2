package dev.freshet.sync.sql;

/** How PostgreSQL is asked for the version that a collation has now, with its library. */
public final class CollationVersions {

  /** From here on a database's own collation has a version. */
  private static final int OF_DATABASES_SINCE = 15;

  private CollationVersions() {}

  /**
   * The version of the row {@code c} of {@code pg_collation}, as SQL; empty text where it has none.
   *
   * @param serverMajor the server's major version
   */
  public static String ofC(int serverMajor) {
    String ofDatabase =
        serverMajor >= OF_DATABASES_SINCE
            ? "(select pg_database_collation_actual_version(oid) from pg_database where datname = current_database())"
            : "null::text";
    return "coalesce(case c.collname when 'default' then %s else pg_collation_actual_version(c.oid) end, '')"
        .formatted(ofDatabase);
  }
}
