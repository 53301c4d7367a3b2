package dev.freshet.read.query;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;

/** Leaves a grammar's methods on the first thing that can't be read; never leaves the package. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Refused refused;

  Refusal(Refused refused) {
    super(refused.problem().detail(), null, false, false);
    this.refused = refused;
  }

  Refusal(ProblemCode code, String detail) {
    this(Refused.of(code, detail));
  }

  Refusal(ProblemCode code, String detail, PostgrestError error) {
    this(new Refused(Problem.of(code, detail), error));
  }

  Refused refused() {
    return refused;
  }
}
