package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import java.time.Duration;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * Until when somebody waits for an answer, as {@code Freshet-Deadline} said when it was asked for.
 */
record Deadline(long nanoTime) {

  /** Of requests that name none; what the backend itself allows is shorter. */
  private static final Duration LONGEST = Duration.ofHours(1);

  /**
   * A request's that has just come.
   *
   * @throws IllegalArgumentException when it can't be read
   */
  static Deadline of(ServerRequest request) {
    String millis = request.headers().firstHeader(FreshetHeaders.DEADLINE);
    long left =
        millis == null
            ? LONGEST.toMillis()
            : Math.clamp(Long.parseLong(millis), 0, LONGEST.toMillis());
    return new Deadline(System.nanoTime() + Duration.ofMillis(left).toNanos());
  }

  /** What is left; negative when it is over. */
  Duration left() {
    return Duration.ofNanos(nanoTime - System.nanoTime());
  }
}
