package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.runtime.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * What the gateway asks for with its headers.
 *
 * @param position that the answer must be at or past; null for any
 * @param maxWait how long to wait for that
 * @param deadline after which nobody waits for the answer
 */
record Wanted(@Nullable Position position, Duration maxWait, Deadline deadline) {

  private static final int LONGEST_WAIT_MILLIS = 60_000;

  /**
   * Reads the headers.
   *
   * @throws IllegalArgumentException when one can't be read
   */
  static Wanted of(ServerRequest request) {
    String position = request.headers().firstHeader(FreshetHeaders.MIN_POSITION);
    String wait = request.headers().firstHeader(FreshetHeaders.MAX_WAIT);
    return new Wanted(
        position == null ? null : Position.parse(position),
        wait == null
            ? Duration.ZERO
            : Duration.ofMillis(Math.clamp(Long.parseLong(wait), 0, LONGEST_WAIT_MILLIS)),
        Deadline.of(request));
  }

  /**
   * Why this source can't answer now.
   *
   * @param at where it is; null when it can't be read from at all
   */
  Refused notMetAt(@Nullable Position at) {
    return Refused.of(
        ProblemCode.NOT_CAUGHT_UP,
        at == null
            ? "This source can't be read from now."
            : "This source is at %s and did not reach %s in time.".formatted(at, position));
  }
}
