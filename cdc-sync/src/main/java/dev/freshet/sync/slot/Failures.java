package dev.freshet.sync.slot;

import dev.freshet.sync.connection.SqlStates;
import dev.freshet.sync.source.SourceFailed;
import java.sql.SQLException;

/** Failures of the driver, as the port has them. */
final class Failures {

  private static final String DUPLICATE_OBJECT = "42710";

  private Failures() {}

  /** Something that the driver may fail at. */
  @FunctionalInterface
  interface Request<T> {
    T run() throws SQLException;
  }

  /**
   * Asks the source.
   *
   * @throws SourceFailed when it can't answer
   */
  static <T> T ask(Request<T> request) {
    try {
      return request.run();
    } catch (SQLException e) {
      throw of(e);
    }
  }

  /** Something that the driver may fail at, without an answer. */
  @FunctionalInterface
  interface Step {
    void run() throws SQLException;
  }

  /** The same without an answer. */
  static void run(Step step) {
    try {
      step.run();
    } catch (SQLException e) {
      throw of(e);
    }
  }

  /** That something is there already passes: an earlier attempt has left it, and will end. */
  private static SourceFailed of(SQLException e) {
    boolean passes = DUPLICATE_OBJECT.equals(e.getSQLState());
    return new SourceFailed(String.valueOf(e.getMessage()), !passes && SqlStates.isByContent(e), e);
  }
}
