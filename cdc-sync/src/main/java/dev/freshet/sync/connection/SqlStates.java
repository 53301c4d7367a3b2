package dev.freshet.sync.connection;

import java.sql.SQLException;
import java.util.Set;

/** What an SQLSTATE says of a statement; see Appendix A of PostgreSQL's documentation. */
public final class SqlStates {

  /**
   * Classes by which a statement itself is refused, however often it is tried: features,
   * cardinality, data, constraints, transaction states, triggers, syntax and names, limits,
   * PL/pgSQL.
   */
  private static final Set<String> BY_CONTENT =
      Set.of("0A", "21", "22", "23", "27", "42", "44", "54", "P0", "2F", "38", "39", "3F");

  /** A lock was not to be had within {@code lock_timeout}. */
  public static final String LOCK_NOT_AVAILABLE = "55P03";

  /** A table that a statement names is not there. */
  public static final String UNDEFINED_TABLE = "42P01";

  private SqlStates() {}

  /** Whether trying again is of no use as long as rows and tables are what they are. */
  public static boolean isByContent(String state) {
    return state.length() == 5 && BY_CONTENT.contains(state.substring(0, 2));
  }

  /** The same of a failure. */
  public static boolean isByContent(SQLException failure) {
    return isByContent(String.valueOf(failure.getSQLState()));
  }
}
