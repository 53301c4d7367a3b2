package dev.freshet.read.query;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;

/**
 * Why a read is not answered.
 *
 * @param problem for most clients
 * @param error for those that are made for PostgREST
 */
public record Refused(Problem problem, PostgrestError error) {

  /** Derives PostgREST's error from the problem's code. */
  public static Refused of(Problem problem) {
    return new Refused(problem, PostgrestError.of(problem));
  }

  /** Derives both from a code. */
  public static Refused of(ProblemCode code, String detail) {
    return of(Problem.of(code, detail));
  }
}
