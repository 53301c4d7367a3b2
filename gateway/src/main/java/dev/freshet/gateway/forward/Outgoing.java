package dev.freshet.gateway.forward;

import dev.freshet.gateway.access.Principal;
import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.Exchange;
import io.opentelemetry.context.Context;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request for one instance.
 *
 * @param principal who the client is, for the backend; null where nobody asked
 * @param deadline how long the answer's head may take
 * @param trace the span that sends it
 */
public record Outgoing(
    Exchange exchange,
    @Nullable Principal principal,
    Candidate candidate,
    Duration deadline,
    Context trace) {

  /** One that is sent within the span of its exchange. */
  public Outgoing(
      Exchange exchange, @Nullable Principal principal, Candidate candidate, Duration deadline) {
    this(exchange, principal, candidate, deadline, exchange.trace());
  }

  /** The same, sent within another span. */
  Outgoing within(Context span) {
    return new Outgoing(exchange, principal, candidate, deadline, span);
  }
}
