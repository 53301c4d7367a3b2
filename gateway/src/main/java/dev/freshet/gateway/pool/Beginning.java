package dev.freshet.gateway.pool;

import java.io.ByteArrayOutputStream;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;

/**
 * The beginning of a short answer. A backend that knows no such path may answer with a page, or
 * with a stream that never ends; what is cut off can't be read as the JSON that was asked for.
 */
final class Beginning {

  /** Far more than a position takes, or a thousand commands. */
  static final int MOST_BYTES = 256 << 10;

  private Beginning() {}

  /** Reads until the end, or until it is too much; the rest is not taken. */
  static Mono<byte[]> of(ByteBufFlux body) {
    return of(body, MOST_BYTES);
  }

  /** The same of so many bytes. */
  static Mono<byte[]> of(ByteBufFlux body, int most) {
    return Mono.defer(
        () -> {
          ByteArrayOutputStream kept = new ByteArrayOutputStream();
          return body.asByteArray()
              .doOnNext(kept::writeBytes)
              .takeUntil(part -> kept.size() > most)
              .then(Mono.fromSupplier(kept::toByteArray));
        });
  }
}
