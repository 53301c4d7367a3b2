package dev.freshet.gateway.forward;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.WebsocketClientSpec;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/**
 * Passes WebSockets (RFC 6455): the handshake to the backend first, then frames both ways as they
 * come, until one side closes.
 */
public final class WebSockets {

  /** One on which nothing passes for so long is closed: its ends may be gone. */
  private static final Duration IDLE = Duration.ofHours(1);

  static final int SWITCHING_PROTOCOLS = 101;

  private static final String PROTOCOL = "Sec-WebSocket-Protocol";

  /** Each side has its own. */
  static final List<String> OF_THE_HANDSHAKE =
      List.of(
          "Sec-WebSocket-Accept",
          "Sec-WebSocket-Extensions",
          "Sec-WebSocket-Key",
          PROTOCOL,
          "Sec-WebSocket-Version");

  private WebSockets() {}

  /** Whether a request asks for one. */
  public static boolean isAskedFor(Exchange exchange) {
    HttpHeaders headers = exchange.headers();
    return exchange.method().equals("GET")
        && headers.containsValue(HttpHeaderNames.UPGRADE, "websocket", true)
        && headers.containsValue(HttpHeaderNames.CONNECTION, "upgrade", true);
  }

  /**
   * Opens one at the backend, then at the client.
   *
   * @param opening says whether the client may have what the backend answered
   */
  static Mono<Attempt> pass(
      Forwarder.Try tried, HttpClient client, Forwarding forwarding, Opening opening) {
    Exchange exchange = tried.exchange();
    ChosenProtocol protocol = new ChosenProtocol();
    AtomicReference<@Nullable Attempt> ended = new AtomicReference<>();
    return client
        .doOnRequest((request, connection) -> connection.addHandlerLast(protocol))
        .headers(
            headers -> {
              HeaderRules.copyRequest(tried, forwarding, headers);
              OF_THE_HANDSHAKE.forEach(headers::remove);
              exchange.headers().getAll(PROTOCOL).forEach(one -> headers.add(PROTOCOL, one));
            })
        .websocket(
            WebsocketClientSpec.builder()
                .handlePing(true)
                .maxFramePayloadLength(Exchange.LARGEST_FRAME_BYTES)
                .build())
        .uri(exchange.target())
        .handle(
            (fromBackend, toBackend) ->
                opening
                    .answer(
                        fromBackend.headers(),
                        head ->
                            exchange.upgrade(
                                head,
                                protocol.chosen,
                                (fromClient, toClient) ->
                                    join(fromClient, toClient, fromBackend, toBackend)))
                    .doOnNext(ended::set)
                    .then())
        .then(Mono.fromSupplier(ended::get));
  }

  /**
   * Takes the subprotocol out of the backend's answer. Netty's client would fail where a backend
   * chooses none of those that the client offers, which RFC 6455, 4.2.2, leaves it free to do.
   */
  private static final class ChosenProtocol extends ChannelInboundHandlerAdapter {
    private volatile @Nullable String chosen;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpResponse answer) {
        chosen = answer.headers().get(PROTOCOL);
        answer.headers().remove(PROTOCOL);
        context.pipeline().remove(this);
      }
      context.fireChannelRead(message);
    }
  }

  /** Answers the client when the backend has agreed. */
  @FunctionalInterface
  interface Opening {

    /**
     * Answers.
     *
     * @param ofBackend the headers of its answer
     * @param onwards upgrades the client's connection, with this head
     */
    Mono<Attempt> answer(HttpHeaders ofBackend, Function<Head, Mono<Void>> onwards);
  }

  /** The status by which a backend refused the handshake; null where the failure is another one. */
  static @Nullable Integer refusal(Throwable failure) {
    return failure instanceof WebSocketClientHandshakeException refused
            && refused.response() != null
        ? refused.response().status().code()
        : null;
  }

  private static Mono<Void> join(
      WebsocketInbound fromClient,
      WebsocketOutbound toClient,
      WebsocketInbound fromBackend,
      WebsocketOutbound toBackend) {
    AtomicLong lastNanos = new AtomicLong(System.nanoTime());
    closeWhenIdle(fromClient, lastNanos);
    return Mono.when(
        pump(fromClient, toBackend, lastNanos), pump(fromBackend, toClient, lastNanos));
  }

  private static void closeWhenIdle(WebsocketInbound from, AtomicLong lastNanos) {
    from.withConnection(
        connection ->
            connection.onReadIdle(
                IDLE.toMillis(),
                () -> {
                  if (System.nanoTime() - lastNanos.get() >= IDLE.toNanos()) {
                    connection.dispose();
                  }
                }));
  }

  /**
   * Passes frames until that side closes, and then its status. That nobody takes them any more does
   * not end it: to stop receiving would close the connection before the other side has said why.
   */
  private static Mono<Void> pump(
      WebsocketInbound from, WebsocketOutbound to, AtomicLong lastNanos) {
    return from.receiveFrames()
        .concatMap(
            frame -> {
              lastNanos.set(System.nanoTime());
              return to.sendObject(frame.retain()).then().onErrorComplete();
            },
            1)
        .then()
        .onErrorComplete() // a broken connection is a close without a status
        .then(from.receiveCloseStatus().onErrorComplete())
        .map(status -> close(to, status))
        .defaultIfEmpty(Mono.defer(to::sendClose))
        .flatMap(closed -> closed);
  }

  private static Mono<Void> close(WebsocketOutbound to, WebSocketCloseStatus status) {
    return WebSocketCloseStatus.isValidStatusCode(status.code())
        ? to.sendClose(status.code(), status.reasonText())
        : to.sendClose();
  }
}
