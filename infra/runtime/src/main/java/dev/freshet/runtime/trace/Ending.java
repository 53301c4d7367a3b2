package dev.freshet.runtime.trace;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

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

  /** The same work, of whose end somebody is told, once. */
  static <T> Mono<T> of(Mono<T> work, Listener<T> listener) {
    return Mono.defer(
        () -> {
          AtomicReference<@Nullable T> value = new AtomicReference<>();
          AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
          return work.doOnNext(value::set)
              .doOnError(failed::set)
              .doFinally(
                  signal -> {
                    Throwable failure = failed.get();
                    if (failure != null) {
                      listener.ended(new Failed<>(failure));
                    } else if (signal == SignalType.CANCEL && value.get() == null) {
                      listener.ended(new GivenUp<>());
                    } else {
                      listener.ended(new Done<>(value.get()));
                    }
                  });
        });
  }
}
