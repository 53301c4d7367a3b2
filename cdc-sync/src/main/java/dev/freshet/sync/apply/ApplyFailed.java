package dev.freshet.sync.apply;

import dev.freshet.sync.connection.SqlStates;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The read database refused a statement or can't be reached; what was open is rolled back. */
public final class ApplyFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final String DATA_EXCEPTION = "22000";
  private static final String NOT_NULL_VIOLATION = "23502";
  private static final String UNIQUE_VIOLATION = "23505";
  private static final String UNDEFINED_TABLE = "42P01";
  private static final String UNDEFINED_SCHEMA = "3F000";
  private static final String QUERY_CANCELED = "57014";
  private static final String PROGRAM_LIMIT_EXCEEDED = "54000";

  /** Of SQLSTATE; see {@link SqlStates}. */
  private static final Set<String> BY_ROWS = Set.of("21", "22", "23", "27", "44", "54", "P0");

  private final String state;

  public ApplyFailed(SQLException cause) {
    super(withoutValues(cause), cause);
    this.state = String.valueOf(cause.getSQLState());
  }

  /** Of what the server says its details and its place hold values of rows; logs have none. */
  private static @Nullable String withoutValues(SQLException cause) {
    ServerErrorMessage said =
        cause instanceof PSQLException server ? server.getServerErrorMessage() : null;
    if (said == null || said.getMessage() == null) {
      return cause.getMessage();
    }
    return said.getSeverity()
        + ": "
        + said.getMessage()
        + (said.getHint() == null ? "" : "\n  Hint: " + said.getHint())
        + (said.getPosition() == 0 ? "" : "\n  Position: " + said.getPosition());
  }

  /** A row can't be written, whatever the read database says. */
  static ApplyFailed ofRow(String reason) {
    return new ApplyFailed(new SQLException(reason, DATA_EXCEPTION));
  }

  /** Whether trying again is of no use as long as rows and tables are what they are. */
  public boolean isByContent() {
    return SqlStates.isByContent(state);
  }

  /**
   * Whether other rows might do where these did not: data exceptions, constraints, triggers,
   * limits.
   */
  boolean isByRows() {
    return isByContent() && BY_ROWS.contains(state.substring(0, 2));
  }

  /** Whether it may be over the next time: resources, internal errors, time-outs. */
  boolean mayPass() {
    return state.equals(QUERY_CANCELED) || state.startsWith("53") || state.startsWith("XX");
  }

  public boolean isNullWhereNoneMayBe() {
    return state.equals(NOT_NULL_VIOLATION);
  }

  public boolean isDuplicate() {
    return state.equals(UNIQUE_VIOLATION);
  }

  /** Whether it was not PostgreSQL that refused, see {@link #ofRow}. */
  boolean isOfOurs() {
    return state.equals(DATA_EXCEPTION);
  }

  /** Whether a value is too large for an index, say. */
  boolean isTooLarge() {
    return state.equals(PROGRAM_LIMIT_EXCEEDED);
  }

  boolean isGone() {
    return state.equals(UNDEFINED_TABLE) || state.equals(UNDEFINED_SCHEMA);
  }

  public boolean isLockNotAvailable() {
    return state.equals(SqlStates.LOCK_NOT_AVAILABLE);
  }
}
