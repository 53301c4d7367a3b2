package dev.freshet.gateway;

import dev.freshet.gateway.Refusals.Requested;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.NettyExchange;
import dev.freshet.gateway.filters.FilteredRoutes.Taken;
import dev.freshet.gateway.wire.Malformed;
import dev.freshet.gateway.wire.Wire;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.RequestId;
import dev.freshet.runtime.PlainTarget;
import io.netty.handler.codec.http.HttpMethod;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Where clients' requests come in: straight from Reactor Netty, ahead of Spring's handler, which
 * costs a good deal and is left to routes with filters.
 */
final class FrontDoor {

  private static final Logger log = LoggerFactory.getLogger(FrontDoor.class);

  /** Reactor Netty's client gathers the content of these in memory before it sends it. */
  private static final Set<HttpMethod> GATHERED =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE);

  private static final long MOST_GATHERED = 1024 * 1024;

  private final Wire wire;
  private final Intake intake;
  private final Refusals refusals;
  private final RequestTraces traces;
  private final Supplier<HttpHandler> spring;
  private final long maxBody;

  /**
   * Prepares to open.
   *
   * @param wire knows which requests were read only to be refused
   * @param spring Spring's handler, for requests that pass filters
   * @param maxBody the most bytes that a request's content may have
   */
  FrontDoor(
      Wire wire,
      Intake intake,
      Refusals refusals,
      RequestTraces traces,
      Supplier<HttpHandler> spring,
      long maxBody) {
    this.wire = wire;
    this.intake = intake;
    this.refusals = refusals;
    this.traces = traces;
    this.spring = spring;
    this.maxBody = maxBody;
  }

  HttpServerRoutes open(HttpServerRoutes routes) {
    return routes.route(request -> true, this::enter);
  }

  private Publisher<Void> enter(HttpServerRequest request, HttpServerResponse response) {
    UnderscoredHeaders.drop(request.requestHeaders());
    response.header(RequestId.HEADER, RequestIds.ensure(request.requestHeaders()));
    Optional<Malformed> malformed = wire.objection(request);
    long most = mostContent(request.method());
    // From here on nobody meets a target that is no URI.
    HttpServerRequest plain = malformed.isPresent() ? request : PlainTarget.of(request);
    return traces.around(
        new NettyExchange(plain, response, most),
        () -> response.status().code(),
        exchange -> enter(exchange, malformed, most, plain, response));
  }

  private Mono<Void> enter(
      Exchange exchange,
      Optional<Malformed> malformed,
      long most,
      HttpServerRequest request,
      HttpServerResponse response) {
    if (malformed.isPresent()) {
      return refusals.refuse(
          exchange, malformed.get().code(), malformed.get().detail(), Requested.unrouted(exchange));
    }
    if (HeldContents.declaredLength(exchange) > most) {
      return refusals.refuse(
          exchange,
          ProblemCode.TOO_LARGE,
          NettyExchange.tooLarge(most),
          Requested.unrouted(exchange));
    }
    return Mono.defer(
            () -> intake.handle(exchange, taken -> throughFilters(taken, request, response)))
        .onErrorResume(
            failure -> isGone(request) ? gone(exchange, failure) : failed(exchange, failure));
  }

  private long mostContent(HttpMethod method) {
    return GATHERED.contains(method) ? Math.min(maxBody, MOST_GATHERED) : maxBody;
  }

  private Mono<Void> throughFilters(
      Taken taken, HttpServerRequest request, HttpServerResponse response) {
    return new ReactorHttpHandlerAdapter(spring.get())
        .apply(request, response)
        .contextWrite(context -> context.put(Taken.class, taken));
  }

  private static boolean isGone(HttpServerRequest request) {
    return request instanceof Connection client && !client.channel().isActive();
  }

  /** Whatever failed then did so because of that, most likely, and nobody is there to be told. */
  private static Mono<Void> gone(Exchange exchange, Throwable failure) {
    log.debug("The client of {} {} is gone", exchange.method(), exchange.path(), failure);
    return Mono.error(failure);
  }

  private Mono<Void> failed(Exchange exchange, Throwable failure) {
    if (exchange.isAnswered()) {
      log.info(
          "The answer to {} {} broke off: {}",
          exchange.method(),
          exchange.path(),
          failure.toString());
      return Mono.error(failure); // breaks the connection: the client has a part of an answer
    }
    log.error("{} {} failed", exchange.method(), exchange.path(), failure);
    return refusals.failed(exchange);
  }
}
