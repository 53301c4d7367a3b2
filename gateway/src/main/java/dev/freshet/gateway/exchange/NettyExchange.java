package dev.freshet.gateway.exchange;

import dev.freshet.gateway.wire.BrokenContent;
import dev.freshet.protocol.ProblemCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.publisher.SynchronousSink;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.WebsocketServerSpec;

/** A request as Reactor Netty's server hands it over. */
public final class NettyExchange implements Exchange {

  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final long maxBody;
  private long bodyBytes;

  /**
   * Takes one over.
   *
   * @param maxBody the most bytes of content that are read; more is a failure of it
   */
  public NettyExchange(HttpServerRequest request, HttpServerResponse response, long maxBody) {
    this.request = request;
    this.response = response;
    this.maxBody = maxBody;
  }

  @Override
  public String method() {
    return request.method().name();
  }

  @Override
  public String target() {
    return request.uri();
  }

  @Override
  public HttpHeaders headers() {
    return request.requestHeaders();
  }

  @Override
  public @Nullable InetSocketAddress client() {
    return request.remoteAddress();
  }

  @Override
  public boolean isSecure() {
    return request.scheme().equals("https");
  }

  @Override
  public Flux<ByteBuf> body() {
    return request
        .receiveObject()
        .onErrorMap(
            failure ->
                new BrokenContent.Failure(
                    ProblemCode.BAD_REQUEST, "The content broke off.", failure))
        .handle(this::pass);
  }

  private void pass(Object part, SynchronousSink<ByteBuf> sink) {
    switch (part) {
      case BrokenContent ignored ->
          sink.error(
              new BrokenContent.Failure(
                  ProblemCode.BAD_REQUEST,
                  "The content is not chunked as RFC 9112, 7.1, has it.",
                  null));
      case HttpContent content -> {
        bodyBytes += content.content().readableBytes();
        if (bodyBytes > maxBody) {
          sink.error(new BrokenContent.Failure(ProblemCode.TOO_LARGE, tooLarge(maxBody), null));
        } else {
          sink.next(content.content().retain());
        }
      }
      default -> {
        // Nothing else is content.
      }
    }
  }

  /** The refusal of content that is longer than it may be. */
  public static String tooLarge(long maxBody) {
    return "The content is longer than %,d bytes.".formatted(maxBody);
  }

  @Override
  public @Nullable EventLoop eventLoop() {
    return request instanceof Connection connection ? connection.channel().eventLoop() : null;
  }

  @Override
  public boolean isAnswered() {
    return response.hasSentHeaders();
  }

  @Override
  public void answerInterim(Head head) {
    Interim.answer(request, response, head);
  }

  @Override
  public Mono<Void> answer(Head head) {
    return with(head).send();
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf content) {
    return with(head).sendObject(content).then();
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> content, boolean atOnce) {
    HttpServerResponse with = with(head);
    return (atOnce ? with.send(content, part -> true) : with.send(content)).then();
  }

  @Override
  public Mono<Void> upgrade(Head head, @Nullable String protocol, Frames frames) {
    WebsocketServerSpec.Builder spec =
        WebsocketServerSpec.builder().handlePing(true).maxFramePayloadLength(LARGEST_FRAME_BYTES);
    if (protocol != null) {
      spec.protocols(protocol);
    }
    // The handshake's own answer is sent beside this one; this one is what is recorded.
    with(head);
    // What sending it gives ends with the handshake.
    Sinks.Empty<Void> ended = Sinks.empty();
    response.withConnection(connection -> connection.onDispose(ended::tryEmitEmpty));
    return response
        .sendWebsocket(
            (in, out) -> frames.pass(in, out).doFinally(signal -> ended.tryEmitEmpty()),
            spec.build())
        .then(ended.asMono());
  }

  private HttpServerResponse with(Head head) {
    response.status(HttpResponseStatus.valueOf(head.status()));
    response.responseHeaders().add(head.headers());
    return response;
  }
}
