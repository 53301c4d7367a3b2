package dev.freshet.sync.slot;

import dev.freshet.sync.connection.SqlStates;
import dev.freshet.sync.source.SourceFailed;
import java.sql.SQLException;

/** Failures of the driver, as the port has them. */
final class Failures {

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

  private static SourceFailed of(SQLException e) {
    return new SourceFailed(String.valueOf(e.getMessage()), SqlStates.isByContent(e), e);
  }
}
