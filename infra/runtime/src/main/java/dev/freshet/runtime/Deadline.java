package dev.freshet.runtime;

import dev.freshet.protocol.FreshetHeaders;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * Until when somebody waits for an answer.
 *
 * @param nanoTime as {@link System#nanoTime}
 */
public record Deadline(long nanoTime) {

  /** As long as the gateway waits by default: for requests that name none that can be read. */
  private static final Duration USUAL = Duration.ofSeconds(10);

  private static final Duration LONGEST = Duration.ofHours(1);

  /** A request's, which says in {@code Freshet-Deadline} how many milliseconds are left. */
  public static Deadline of(ServerRequest request) {
    return in(Duration.ofMillis(millis(request.headers().firstHeader(FreshetHeaders.DEADLINE))));
  }

  private static long millis(@Nullable String header) {
    try {
      return header == null
          ? USUAL.toMillis()
          : Math.clamp(Long.parseLong(header), 1, LONGEST.toMillis());
    } catch (NumberFormatException e) {
      return USUAL.toMillis();
    }
  }

  /** A time from now. */
  public static Deadline in(Duration left) {
    return new Deadline(System.nanoTime() + left.toNanos());
  }

  /** What is left; not positive when it is over. */
  public Duration left() {
    return Duration.ofNanos(nanoTime - System.nanoTime());
  }

  /** The same for a database, to which 0 is for ever: at least 1. */
  public long millisLeft() {
    return Math.max(1, left().toMillis());
  }
}
