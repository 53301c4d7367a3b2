package dev.freshet.sync.apply;

import java.sql.SQLException;

/** The read database refused a statement or can't be reached; what was open is rolled back. */
public final class ApplyFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** SQLSTATE class of constraints that rows don't keep. */
  private static final String INTEGRITY_VIOLATION = "23";

  private final boolean integrityViolation;

  ApplyFailed(SQLException cause) {
    super(cause.getMessage(), cause);
    this.integrityViolation = String.valueOf(cause.getSQLState()).startsWith(INTEGRITY_VIOLATION);
  }

  boolean isIntegrityViolation() {
    return integrityViolation;
  }
}
