package dev.freshet.gateway.forward;

import dev.freshet.gateway.session.Requirements.Requirement;

/**
 * An instance answered, and the client must not have the answer: it lacks what was promised, or
 * what it says may not be so.
 */
public final class AnswerWithheld extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Requirement.Refused refusal;

  /**
   * Withholds an answer.
   *
   * @param refusal what the client is told instead
   */
  public AnswerWithheld(Requirement.Refused refusal) {
    super(refusal.problem().detail(), null, false, false);
    this.refusal = refusal;
  }

  /** What the client is told instead. */
  public Requirement.Refused refusal() {
    return refusal;
  }
}
