package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.context.Context;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/** One request, and the one answer to it. */
public interface Exchange {

  /** A larger frame closes a WebSocket; a message may have any number of them. */
  int LARGEST_FRAME_BYTES = 1024 * 1024;

  /** The method, as it was sent. */
  String method();

  /** Path and query, as they were sent. */
  String target();

  /** What was sent, with the request's name and its span; not to be changed. */
  HttpHeaders headers();

  /** Where the client's connection comes from; null where that has no address. */
  @Nullable InetSocketAddress client();

  /** Whether the client came by TLS. */
  boolean isSecure();

  /** The Host header for the backend; null for the backend's own. */
  default @Nullable String hostToKeep() {
    return null;
  }

  /** The span of the request; the root, which is none, where it is not traced. */
  default Context trace() {
    return Context.root();
  }

  /** The content; whoever takes it owns its buffers. */
  Flux<ByteBuf> body();

  /** The event loop of the client's connection; null where there is none. */
  @Nullable EventLoop eventLoop();

  /** Whether any of the answer has been sent. */
  boolean isAnswered();

  /**
   * Passes an answer that comes before the answer (RFC 9110, 15.2), to a client that knows of such;
   * it has no content.
   */
  default void answerInterim(Head head) {}

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

  /**
   * Answers the handshake of a WebSocket, and goes on with its frames; only where no filters have
   * come between.
   *
   * @param protocol that was agreed on; null without
   * @param frames passes them, and ends when the WebSocket does
   */
  default Mono<Void> upgrade(Head head, @Nullable String protocol, Frames frames) {
    return Mono.error(new UnsupportedOperationException("Filters have come between"));
  }

  /** What is done with a WebSocket. */
  @FunctionalInterface
  interface Frames {

    /** Ends when the WebSocket does. */
    Mono<Void> pass(WebsocketInbound fromClient, WebsocketOutbound toClient);
  }

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
