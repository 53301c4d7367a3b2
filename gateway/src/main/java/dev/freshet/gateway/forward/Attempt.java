package dev.freshet.gateway.forward;

import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.protocol.Position;
import org.jspecify.annotations.Nullable;

/** How one attempt ended. */
public sealed interface Attempt {

  /**
   * The instance answered, and the client has its answer.
   *
   * @param at where it said it was, or null
   */
  record Answered(int status, @Nullable Position at) implements Attempt {}

  /**
   * A read's answer was kept back because another instance may do better: it was not caught up, or
   * could not serve.
   *
   * @param status the status that it answered
   * @param at where it said it was, or null
   */
  record Declined(int status, @Nullable Position at) implements Attempt {}

  /**
   * The instance answered, and its answer breaks what was promised.
   *
   * @param refusal what the client is told instead, unless another instance does better
   */
  record Withheld(Requirement.Refused refusal) implements Attempt {}

  /** Nothing was sent: nobody accepts connections there. */
  record Unreachable(String reason) implements Attempt {}

  /** Nothing was sent: there was no connection free in time. That says nothing of the instance. */
  record NoConnection(String reason) implements Attempt {}

  /** The request was sent, and the connection broke before an answer came. */
  record Unanswered(String reason) implements Attempt {}

  /** The request was sent, and no answer came in time. */
  record TimedOut() implements Attempt {}
}
