package dev.freshet.gateway;

import org.springframework.web.cors.reactive.CorsUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Takes CORS preflights to {@link RequestPath} as any other OPTIONS. Spring's handler mappings
 * would answer them themselves, with an empty 200, before any route is looked at.
 */
final class PreflightFilter implements WebFilter {

  private final RequestPath path;

  PreflightFilter(RequestPath path) {
    this.path = path;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    return CorsUtils.isPreFlightRequest(exchange.getRequest())
        ? path.filter(exchange, routed -> Mono.empty())
        : chain.filter(exchange);
  }
}
