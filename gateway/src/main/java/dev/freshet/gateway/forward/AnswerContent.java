package dev.freshet.gateway.forward;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;

/** An instance's answer, passed to the client with its content. */
final class AnswerContent {

  /** Answers up to this size are gathered and sent in one write, the head with them. */
  private static final int GATHERED_BYTES = 64 * 1024;

  /** Longer than this no part of an answer may be missing; streams of events may pause. */
  private static final Duration STALL = Duration.ofMinutes(5);

  private AnswerContent() {}

  /** Up to a size answers are gathered first: what breaks off amidst can be asked elsewhere. */
  static Mono<Void> write(Exchange exchange, Head head, ByteBufFlux body, Progress progress) {
    if (head.status() == 204) {
      head.headers().remove(HttpHeaderNames.CONTENT_LENGTH); // RFC 9110, 8.6
    }
    if (isWithoutContent(exchange.method(), head.status())) {
      return body.then(exchange.answer(head));
    }
    int length = head.headers().getInt(HttpHeaderNames.CONTENT_LENGTH, -1);
    if (length == 0) {
      return body.then(exchange.answer(head));
    }
    if (0 < length && length <= GATHERED_BYTES) {
      return body.aggregate()
          .flatMap(
              content -> {
                progress.answer();
                return exchange.answer(head, content.retain());
              });
    }
    progress.answer();
    boolean isStream = isStream(head.headers());
    Flux<ByteBuf> parts = body.retain();
    return exchange.answer(head, isStream ? parts : parts.timeout(STALL), isStream);
  }

  private static boolean isWithoutContent(String method, int status) {
    return method.equals("HEAD") || status == 204 || status == 304;
  }

  private static boolean isStream(HttpHeaders headers) {
    String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
    return type != null && type.startsWith("text/event-stream");
  }
}
