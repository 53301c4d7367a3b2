package dev.freshet.gateway.filters;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.Interim;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.context.Context;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.cloud.gateway.support.ServerWebExchangeUtils;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * A request as the filters of a route left it. Its answer's head goes to the response at once, and
 * the content when {@link #write} is subscribed to.
 */
final class HeldExchange implements Exchange {

  private final ServerWebExchange exchange;
  private final Context trace;
  private final HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
  private final Sinks.Empty<Void> headKnown = Sinks.empty();
  private final Sinks.Empty<Void> written = Sinks.empty();
  private final Disposable.Swap forwarding = Disposables.swap();
  private final AtomicReference<@Nullable ByteBuf> gathered = new AtomicReference<>();
  private volatile Mono<Void> content = Mono.empty();

  HeldExchange(ServerWebExchange exchange, Context trace) {
    this.exchange = exchange;
    this.trace = trace;
    exchange.getRequest().getHeaders().forEach(headers::add);
  }

  /** Forwards; ends when the answer's head is known. */
  Mono<Void> forward(Mono<Void> forwarded) {
    return Mono.create(
        sink -> {
          forwarding.update(forwarded.subscribe(null, sink::error, sink::success));
          sink.onDispose(headKnown.asMono().subscribe(null, null, sink::success));
        });
  }

  /** Writes the answer's content. */
  Mono<Void> write() {
    return Mono.defer(() -> content)
        .doOnSuccess(done -> written.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST))
        .doOnError(failure -> written.emitError(failure, Sinks.EmitFailureHandler.FAIL_FAST));
  }

  /** It is over, however it ended. */
  void end() {
    forwarding.dispose();
    ByteBuf unwritten = gathered.getAndSet(null);
    if (unwritten != null) {
      unwritten.release();
    }
  }

  private ServerHttpRequest request() {
    return exchange.getRequest();
  }

  @Override
  public String method() {
    return request().getMethod().name();
  }

  @Override
  public String target() {
    String query = request().getURI().getRawQuery();
    String path = request().getURI().getRawPath();
    return query == null ? path : path + "?" + query;
  }

  @Override
  public HttpHeaders headers() {
    return headers;
  }

  @Override
  public @Nullable InetSocketAddress client() {
    return request().getRemoteAddress();
  }

  @Override
  public boolean isSecure() {
    return request().getSslInfo() != null;
  }

  @Override
  public @Nullable String hostToKeep() {
    Map<String, Object> attributes = exchange.getAttributes();
    return Boolean.TRUE.equals(
            attributes.get(ServerWebExchangeUtils.PRESERVE_HOST_HEADER_ATTRIBUTE))
        ? headers.get("host")
        : null;
  }

  @Override
  public Context trace() {
    return trace;
  }

  @Override
  public Flux<ByteBuf> body() {
    return request().getBody().map(NettyDataBufferFactory::toByteBuf);
  }

  @Override
  public @Nullable EventLoop eventLoop() {
    return ServerHttpRequestDecorator.getNativeRequest(request()) instanceof Connection connection
        ? connection.channel().eventLoop()
        : null;
  }

  @Override
  public boolean isAnswered() {
    return exchange.getResponse().isCommitted();
  }

  @Override
  public void answerInterim(Head head) {
    if (ServerHttpRequestDecorator.getNativeRequest(request()) instanceof HttpServerRequest asked
        && ServerHttpResponseDecorator.getNativeResponse(exchange.getResponse())
            instanceof HttpServerResponse response) {
      Interim.answer(asked, response, head);
    }
  }

  @Override
  public Mono<Void> answer(Head head) {
    return hold(head, ServerHttpResponse::setComplete);
  }

  @Override
  public Mono<Void> answer(Head head, ByteBuf bytes) {
    gathered.set(bytes);
    return hold(
        head,
        response ->
            response.writeWith(
                Mono.defer(() -> Mono.justOrEmpty(gathered.getAndSet(null))).map(this::buffer)));
  }

  @Override
  public Mono<Void> answer(Head head, Publisher<ByteBuf> parts, boolean atOnce) {
    Flux<DataBuffer> buffers = Flux.from(parts).map(this::buffer);
    return hold(
        head,
        response ->
            atOnce
                ? response.writeAndFlushWith(buffers.map(Flux::just))
                : response.writeWith(buffers));
  }

  private DataBuffer buffer(ByteBuf bytes) {
    return ((NettyDataBufferFactory) exchange.getResponse().bufferFactory()).wrap(bytes);
  }

  private Mono<Void> hold(Head head, Function<ServerHttpResponse, Mono<Void>> writing) {
    ServerHttpResponse response = exchange.getResponse();
    response.setStatusCode(HttpStatusCode.valueOf(head.status()));
    // A filter that sends the request again has an earlier answer's headers there.
    head.headers().names().forEach(response.getHeaders()::remove);
    head.headers().forEach(header -> response.getHeaders().add(header.getKey(), header.getValue()));
    content = Mono.defer(() -> writing.apply(response));
    headKnown.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
    return written.asMono();
  }
}
