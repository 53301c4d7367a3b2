package dev.freshet.gateway.forward;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.Exchange;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request for one instance.
 *
 * @param principal who the client is, for the backend; null where nobody asked
 * @param deadline how long the answer's head may take
 */
public record Outgoing(
    Exchange exchange, @Nullable String principal, Candidate candidate, Duration deadline) {}
