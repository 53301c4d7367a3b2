package dev.freshet.runtime.trace;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** How asynchronous work ended. */
public sealed interface Ending<T> {

  /**
   * It was done.
   *
   * @param value what came of it; null where nothing does
   */
  record Done<T>(@Nullable T value) implements Ending<T> {}

  /** It failed. */
  record Failed<T>(Throwable failure) implements Ending<T> {}

  /** Nobody waited for it any more. */
  record GivenUp<T>() implements Ending<T> {}

  /** What is done with it. */
  @FunctionalInterface
  interface Listener<T> {
    void ended(Ending<T> ending);
  }

  /** The same work; its end is reported once, before whoever waits for it goes on. */
  static <T> Mono<T> of(Mono<T> work, Listener<T> listener) {
    return Mono.defer(
        () -> {
          AtomicBoolean isTold = new AtomicBoolean();
          Listener<T> once =
              ending -> {
                if (isTold.compareAndSet(false, true)) {
                  listener.ended(ending);
                }
              };
          return work.doOnSuccess(value -> once.ended(new Done<>(value)))
              .doOnError(failure -> once.ended(new Failed<>(failure)))
              .doOnCancel(() -> once.ended(new GivenUp<>()));
        });
  }
}
