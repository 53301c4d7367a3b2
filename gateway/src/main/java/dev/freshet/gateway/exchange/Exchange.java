package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One request, and the one answer to it. */
public interface Exchange {

  /** The method, as it was sent. */
  String method();

  /** Path and query, as they were sent. */
  String target();

  /** What was sent; not to be changed. */
  HttpHeaders headers();

  /** Where the client's connection comes from; null where that has no address. */
  @Nullable InetSocketAddress client();

  /** Whether the client came by TLS. */
  boolean isSecure();

  /** The host that the backend is told to be; null for its own. */
  default @Nullable String hostToKeep() {
    return null;
  }

  /** The content; whoever takes it owns its buffers. */
  Flux<ByteBuf> body();

  /** The event loop of the client's connection; null where there is none. */
  @Nullable EventLoop eventLoop();

  /** Whether any of the answer has been sent. */
  boolean isAnswered();

  /** Answers without content, whatever the headers say of its length. */
  Mono<Void> answer(Head head);

  /** Answers with content that is all there. */
  Mono<Void> answer(Head head, ByteBuf content);

  /**
   * Answers with content that comes in parts.
   *
   * @param atOnce whether each part is sent when it comes; else as it suits the connection
   */
  Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce);

  /** The path as it was sent, without the query. */
  default String path() {
    String target = target();
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** Whether the request carries content, by its framing. */
  default boolean hasBody() {
    String length = headers().get("content-length");
    return (length != null && !length.equals("0")) || headers().contains("transfer-encoding");
  }

  /** Whether it can be sent more than once: a body that was sent is gone, unless it is held. */
  default boolean isRepeatable() {
    return !hasBody();
  }
}
