package dev.freshet.spring;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the request says that a thread is at work on.
 *
 * @param target method, path and query
 * @param principal who it is from; empty when nobody knows
 * @param key its {@code Idempotency-Key}, as it was sent; null without one
 * @param traceParent which trace it is part of (W3C Trace Context); null without one
 * @param isConditional whether it has {@code If-Match}
 * @param deadlineNanos until when somebody waits, as {@link System#nanoTime}; null where nobody
 *     says
 * @param reached where the log was when its last transaction had ended; null before
 */
record CurrentRequest(
    String target,
    String principal,
    @Nullable String key,
    @Nullable String traceParent,
    boolean isConditional,
    @Nullable Long deadlineNanos,
    AtomicReference<@Nullable Position> reached) {

  /** By which it travels with a reactive request. */
  static final String CONTEXT_KEY = "freshet.request";

  static final ThreadLocal<@Nullable CurrentRequest> ON_THREAD = new ThreadLocal<>();

  private static final long LONGEST_MILLIS = Duration.ofHours(1).toMillis();

  /**
   * Reads a request's headers.
   *
   * @param user whom the service itself knows it to be from; null for nobody
   */
  static CurrentRequest of(
      String target, Function<String, @Nullable String> header, @Nullable String user) {
    String told = header.apply(FreshetHeaders.PRINCIPAL);
    String principal = told != null ? told : user;
    return new CurrentRequest(
        target,
        principal == null ? "" : principal,
        header.apply("Idempotency-Key"),
        header.apply("traceparent"),
        header.apply("If-Match") != null,
        deadline(header.apply(FreshetHeaders.DEADLINE)),
        new AtomicReference<>());
  }

  private static @Nullable Long deadline(@Nullable String millis) {
    try {
      return millis == null
          ? null
          : Long.valueOf(
              System.nanoTime()
                  + Duration.ofMillis(Math.clamp(Long.parseLong(millis), 1, LONGEST_MILLIS))
                      .toNanos());
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The one of this thread. */
  static Optional<CurrentRequest> get() {
    return Optional.ofNullable(ON_THREAD.get());
  }

  /** How long a statement may take; at least 1, as 0 is for ever. Empty where nobody says. */
  OptionalLong millisLeft() {
    return deadlineNanos == null
        ? OptionalLong.empty()
        : OptionalLong.of(
            Math.max(1, Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis()));
  }
}
