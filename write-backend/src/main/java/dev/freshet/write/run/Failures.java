package dev.freshet.write.run;

import dev.freshet.postgres.WriteProblems;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.Problem.Violation;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.declaration.Declaration.Violated;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the primary's errors, by which everything was rolled back, mean for a client. */
public final class Failures {

  private static final Set<String> RETRIED = Set.of("40001", "40P01");

  private Failures() {}

  /** Whether the same may go well another time: nothing was wrong with it. */
  static boolean isWorthRetrying(SQLException e) {
    return RETRIED.contains(String.valueOf(e.getSQLState()));
  }

  /** Whether a value could not be read or stored: class 22. */
  static boolean isOfData(SQLException e) {
    return String.valueOf(e.getSQLState()).startsWith("22");
  }

  /**
   * What a failure means.
   *
   * @param command that failed, which may say what a violated constraint means; null where none was
   *     reached
   */
  public static Outcome.Refused refusal(SQLException e, @Nullable Declaration command) {
    Violated said =
        command == null
            ? null
            : WriteProblems.constraint(e).map(command.constraints()::get).orElse(null);
    return said == null ? new Outcome.Refused(WriteProblems.of(e)) : refusal(said);
  }

  private static Outcome.Refused refusal(Violated said) {
    ProblemCode code = WriteProblems.BY_STATUS.getOrDefault(said.status(), ProblemCode.CONFLICT);
    if (said.pointer() == null) {
      return Outcome.Refused.of(code, said.message());
    }
    List<Violation> violations = List.of(new Violation(said.pointer(), said.message()));
    return new Outcome.Refused(new Problem(code, Problem.told(violations), violations));
  }
}
