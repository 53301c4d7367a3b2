package dev.freshet.write.command;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a command ended. */
public sealed interface Outcome {

  /**
   * It was done, and its transaction is to be committed.
   *
   * @param status HTTP status
   * @param body the answer's members, or null for none
   * @param version the row's version after the change, or null where it has none
   * @param location path of what was created, or null
   */
  record Done(
      int status, @Nullable Map<String, ?> body, @Nullable Long version, @Nullable String location)
      implements Outcome {

    public static Done nothingToSay() {
      return new Done(204, null, null, null);
    }
  }

  /** It was refused, and its transaction is to be rolled back. */
  record Refused(Problem problem) implements Outcome {

    public static Refused of(ProblemCode code, String detail) {
      return new Refused(Problem.of(code, detail));
    }

    /** Refused for what stands in the body. */
    public static Refused invalid(List<Problem.Violation> violations) {
      return new Refused(
          new Problem(
              ProblemCode.INVALID,
              violations.size() == 1
                  ? "One value can't be accepted; see errors."
                  : violations.size() + " values can't be accepted; see errors.",
              violations));
    }
  }
}
