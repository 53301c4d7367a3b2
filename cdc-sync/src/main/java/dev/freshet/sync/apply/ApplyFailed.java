package dev.freshet.sync.apply;

import java.sql.SQLException;

/** The read database refused a statement or can't be reached; what was open is rolled back. */
public final class ApplyFailed extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ApplyFailed(SQLException cause) {
    super(cause.getMessage(), cause);
  }
}
