package dev.freshet.write.run;

import dev.freshet.postgres.WriteProblems;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a command ended. */
public sealed interface Outcome {

  /**
   * It was done, and is committed.
   *
   * @param status HTTP status
   * @param body the answer as JSON, or null for none
   * @param version the row's version after the change, or null where it has none
   * @param location path of what was made, or null
   * @param isReplayed whether it was done before, under the same idempotency key
   */
  record Done(
      int status,
      @Nullable String body,
      @Nullable String version,
      @Nullable String location,
      boolean isReplayed)
      implements Outcome {}

  /** It was refused, and nothing of it was written. */
  record Refused(Problem problem) implements Outcome {

    public static Refused of(Problem.Code code, String detail) {
      return new Refused(Problem.of(code, detail));
    }

    /** Refused for a fault of the file's or of ours, which the log tells. */
    static Refused ofOurs() {
      return of(ProblemCode.INTERNAL, WriteProblems.OURS);
    }

    /** Refused for what stands in the body. */
    public static Refused invalid(List<Problem.Violation> violations) {
      return new Refused(Problem.invalid(violations));
    }
  }
}
