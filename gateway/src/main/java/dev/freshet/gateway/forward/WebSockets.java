package dev.freshet.gateway.forward;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

  /** The status of an answer that opens one. */
  public static final int SWITCHING_PROTOCOLS = 101;

  private static final int REDIRECTION = 300;

  private static final String PROTOCOL = "Sec-WebSocket-Protocol";

  public static final String VERSION_HEADER = "Sec-WebSocket-Version";
  public static final String VERSION = "13";

  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{22}==");

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
   * What is wrong with a handshake (RFC 6455, 4.2.1), found before any backend is asked.
   *
   * @return empty when nothing is
   */
  public static Optional<String> objection(Exchange exchange) {
    List<String> keys = exchange.headers().getAll("Sec-WebSocket-Key");
    if (keys.size() != 1 || !KEY.matcher(keys.getFirst()).matches()) {
      return Optional.of(
          "A WebSocket's handshake has one Sec-WebSocket-Key, of 16 bytes in base64.");
    }
    return VERSION.equals(exchange.headers().get(VERSION_HEADER))
        ? Optional.empty()
        : Optional.of(
            "The gateway supports WebSocket version 13 only. Send Sec-WebSocket-Version: 13.");
  }

  /**
   * Opens one at the backend, then at the client.
   *
   * @param opening says whether the client may have what the backend answered
   */
  static Mono<Attempt> pass(
      Outgoing outgoing, HttpClient client, Forwarding forwarding, Opening opening) {
    Exchange exchange = outgoing.exchange();
    Handshake handshake = new Handshake(exchange);
    AtomicReference<@Nullable Attempt> ended = new AtomicReference<>();
    return client
        .doOnRequest(
            (request, connection) -> {
              HeaderRules.copyRequest(outgoing, forwarding, request.requestHeaders());
              OF_THE_HANDSHAKE.forEach(request.requestHeaders()::remove);
              exchange
                  .headers()
                  .getAll(PROTOCOL)
                  .forEach(one -> request.requestHeaders().add(PROTOCOL, one));
              connection.addHandlerLast(handshake);
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
                                handshake.chosen,
                                (fromClient, toClient) ->
                                    join(fromClient, toClient, fromBackend, toBackend)))
                    .doOnNext(ended::set)
                    .then())
        .then(Mono.fromSupplier(ended::get));
  }

  /**
   * What Netty's client would do otherwise at the handshake. It fails where a backend chooses none
   * of the subprotocols that the client offers, which RFC 6455, 4.2.2, leaves it free to do; and it
   * makes up an Origin, which could pass for a page of the backend's own.
   */
  private static final class Handshake extends ChannelDuplexHandler {
    private final boolean hasOrigin;
    private final List<String> offered;
    private volatile @Nullable String chosen;

    Handshake(Exchange exchange) {
      this.hasOrigin = exchange.headers().contains(HttpHeaderNames.ORIGIN);
      this.offered =
          exchange.headers().getAll(PROTOCOL).stream()
              .flatMap(names -> Stream.of(names.split(",", -1)))
              .map(String::strip)
              .toList();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the promise tells how it ended
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      if (message instanceof HttpRequest request && !hasOrigin) {
        request.headers().remove(HttpHeaderNames.ORIGIN);
      }
      context.write(message, promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpResponse answer) {
        if (answer.decoderResult().isFailure()) {
          context.fireExceptionCaught(answer.decoderResult().cause());
          return;
        }
        chosen = answer.headers().get(PROTOCOL);
        // One that was not offered stays, and fails there.
        if (chosen != null && offered.contains(chosen)) {
          answer.headers().remove(PROTOCOL);
        }
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

  /** What a backend answered instead of opening; empty where the failure is another one. */
  static Optional<HttpResponse> refusal(Throwable failure) {
    return failure instanceof WebSocketClientHandshakeException refused
        ? Optional.ofNullable(refused.response())
            .filter(answer -> answer.status().code() >= REDIRECTION)
        : Optional.empty();
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
