package dev.freshet.spring;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;

/** A refusal, which rolls the transaction back and is answered as a problem document. */
public final class ProblemException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  /** Refuses for a reason. */
  public ProblemException(Problem problem) {
    super(problem.detail());
    this.problem = problem;
  }

  /** Refuses with a code and a sentence or two. */
  public static ProblemException of(ProblemCode code, String detail) {
    return new ProblemException(Problem.of(code, detail));
  }

  /** A kind of refusal of the application's own, told as {@code urn:app:CODE}. */
  public static ProblemException of(String code, int status, String detail) {
    return new ProblemException(Problem.of(new Problem.Declared(code, status), detail));
  }

  /** What is answered. */
  public Problem problem() {
    return problem;
  }
}
