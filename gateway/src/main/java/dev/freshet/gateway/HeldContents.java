package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.CONTENT_LENGTH;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.HeldContent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Pattern;
import reactor.core.publisher.Mono;

/** Holds the content of requests in memory, each up to a bound, and all together up to another. */
final class HeldContents {

  private static final long MOST_BYTES_IN_ALL = 32L * 1024 * 1024;
  private static final Duration WITHIN = Duration.ofSeconds(10);

  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

  private final AtomicLong bytesInAll = new AtomicLong();

  /**
   * Goes on once a request's content is all there, and holds it until that has ended.
   *
   * @param most bytes; content that is longer and does not say so before is a failure
   * @param failed answers where the content is too long or does not come in time
   * @return empty when there is no room for it; then nothing has been read
   */
  Optional<Mono<Void>> hold(
      Exchange exchange,
      int most,
      Function<HeldContent, Mono<Void>> onwards,
      Function<Throwable, Mono<Void>> failed) {
    long declared = declaredLength(exchange);
    if (declared > most) {
      return Optional.empty();
    }
    long room = declared == 0 ? most : declared;
    if (bytesInAll.addAndGet(room) > MOST_BYTES_IN_ALL) {
      bytesInAll.addAndGet(-room);
      return Optional.empty();
    }
    return Optional.of(
        HeldContent.read(exchange, most)
            .timeout(WITHIN)
            // Later, so that what fails there is no failure of the content.
            .map(bytes -> Mono.defer(() -> onwards.apply(new HeldContent(exchange, bytes))))
            .onErrorResume(failure -> Mono.just(failed.apply(failure)))
            .flatMap(way -> way)
            .doFinally(signal -> bytesInAll.addAndGet(-room)));
  }

  /** In bytes; 0 where it does not say. */
  static long declaredLength(Exchange exchange) {
    String length = exchange.headers().get(CONTENT_LENGTH);
    return length == null
        ? 0
        : LENGTH.matcher(length).matches() ? Long.parseLong(length) : Long.MAX_VALUE;
  }
}
