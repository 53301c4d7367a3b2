package dev.freshet.read.query;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;

/** Leaves a grammar's methods on the first thing that can't be read; never leaves the package. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  Refusal(ProblemCode code, String detail) {
    super(detail, null, false, false);
    this.problem = Problem.of(code, detail);
  }

  Problem problem() {
    return problem;
  }
}
