package dev.freshet.gateway.filters;

import dev.freshet.gateway.filters.FilteredRoutes.Taken;
import org.springframework.web.cors.reactive.CorsUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Takes CORS preflights through the filters as any other OPTIONS. Spring's handler mappings would
 * answer them themselves, with an empty 200, before any filter.
 */
public final class Preflights implements WebFilter {

  private final FilteredRoutes routes;

  public Preflights(FilteredRoutes routes) {
    this.routes = routes;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    return Mono.deferContextual(
        context ->
            // Operators' endpoints have this filter, too, and no routes.
            context.hasKey(Taken.class) && CorsUtils.isPreFlightRequest(exchange.getRequest())
                ? routes.pass(exchange)
                : chain.filter(exchange));
  }
}
