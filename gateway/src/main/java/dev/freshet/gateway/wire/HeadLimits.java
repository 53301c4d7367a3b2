package dev.freshet.gateway.wire;

import dev.freshet.protocol.ProblemCode;
import java.time.Duration;
import java.util.Optional;

/**
 * How large the head of a request may be, and how slow.
 *
 * @param requestLineBytes method, target and version together
 * @param headersBytes all headers together
 * @param headers how many
 * @param within from its first byte to its last
 */
public record HeadLimits(int requestLineBytes, int headersBytes, int headers, Duration within) {

  Malformed tooLongLine() {
    return new Malformed(
        ProblemCode.URI_TOO_LONG,
        "The request's first line is longer than %,d bytes.".formatted(requestLineBytes));
  }

  Malformed tooLargeHeaders() {
    return new Malformed(
        ProblemCode.HEADERS_TOO_LARGE,
        "The request's headers are longer than %,d bytes.".formatted(headersBytes));
  }

  /** The refusal of so many headers; empty when they are within the limits. */
  Optional<Malformed> ofCount(int count) {
    return count > headers
        ? Optional.of(
            new Malformed(
                ProblemCode.HEADERS_TOO_LARGE,
                "The request has more than %d headers.".formatted(headers)))
        : Optional.empty();
  }
}
