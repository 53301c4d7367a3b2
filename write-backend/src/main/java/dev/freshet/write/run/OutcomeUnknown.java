package dev.freshet.write.run;

import java.sql.SQLException;

/** The connection broke while the commit was under way: it may have happened. */
public final class OutcomeUnknown extends RuntimeException {

  private static final long serialVersionUID = 1L;

  OutcomeUnknown(SQLException cause) {
    super(cause);
  }
}
