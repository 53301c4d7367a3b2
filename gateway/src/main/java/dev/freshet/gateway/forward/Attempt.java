package dev.freshet.gateway.forward;

import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.protocol.ProblemCode;
import java.time.Duration;

/** How one attempt ended. */
public sealed interface Attempt {

  /**
   * The instance answered, and the client has its answer.
   *
   * @param upstream from when it was sent until its answer began
   */
  record Answered(int status, Duration upstream) implements Attempt {}

  /**
   * A read's answer was kept back because another instance may do better: it was not caught up, or
   * could not serve.
   *
   * @param failed whether it could not serve, and not only was behind
   */
  record Declined(boolean failed) implements Attempt {}

  /**
   * The instance answered, and its answer breaks what was promised.
   *
   * @param refusal the client's answer instead, unless another instance does better
   */
  record Withheld(Requirement.Refused refusal) implements Attempt {}

  /** Nothing was sent: nobody accepts connections there. */
  record Unreachable(String reason) implements Attempt {}

  /** Nothing was sent: there was no connection free in time. That says nothing of the instance. */
  record NoConnection(String reason) implements Attempt {}

  /** The client's content broke off; the instance was not given an end of it. */
  record ContentBroken(ProblemCode code, String detail) implements Attempt {}

  /** The request was sent, and the connection broke before an answer came. */
  record Unanswered(String reason) implements Attempt {}

  /**
   * The request was sent, and what was answered can't be passed on.
   *
   * @param reason what is wrong with it, for clients to read
   */
  record Unreadable(String reason) implements Attempt {}

  /** The instance was lost; another one is to be asked, which has been paid for. */
  record Moved() implements Attempt {}

  /** The request was sent, and no answer came in time. */
  record TimedOut() implements Attempt {}
}
