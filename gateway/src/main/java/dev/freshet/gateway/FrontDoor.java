package dev.freshet.gateway;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.NettyExchange;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Where clients' requests come in: straight from Reactor Netty, ahead of Spring's handler, whose
 * share would be more than half of what a forwarded request costs.
 */
final class FrontDoor {

  private static final Logger log = LoggerFactory.getLogger(FrontDoor.class);

  private final RequestPath path;
  private final Refusals refusals;

  FrontDoor(RequestPath path, Refusals refusals) {
    this.path = path;
    this.refusals = refusals;
  }

  HttpServerRoutes open(HttpServerRoutes routes) {
    return routes.route(request -> true, this::enter);
  }

  private Publisher<Void> enter(HttpServerRequest request, HttpServerResponse response) {
    Exchange exchange = new NettyExchange(request, response);
    return Mono.defer(() -> path.handle(exchange))
        .onErrorResume(failure -> failed(exchange, failure));
  }

  private Mono<Void> failed(Exchange exchange, Throwable failure) {
    if (exchange.isAnswered()) {
      return Mono.error(failure); // breaks the connection: the client has a part of an answer
    }
    log.error("{} {} failed", exchange.method(), exchange.path(), failure);
    return refusals.failed(exchange);
  }
}
