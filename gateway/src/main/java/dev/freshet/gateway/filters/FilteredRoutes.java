package dev.freshet.gateway.filters;

import dev.freshet.gateway.exchange.EndToEnd;
import dev.freshet.gateway.exchange.Exchange;
import io.netty.buffer.ByteBuf;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.cloud.gateway.filter.GlobalFilter;
import org.springframework.cloud.gateway.filter.RouteToRequestUrlFilter;
import org.springframework.cloud.gateway.support.ServerWebExchangeUtils;
import org.springframework.core.Ordered;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Takes requests of routes with filters through those filters, in Spring Cloud Gateway's chain,
 * where its own routing filters would stand.
 */
public final class FilteredRoutes implements GlobalFilter, Ordered {

  /** After the route's URL is set, before load balancing (10150). */
  private static final int ORDER = RouteToRequestUrlFilter.ROUTE_TO_URL_FILTER_ORDER + 50;

  private static final String HELD = FilteredRoutes.class.getName() + ".held";

  /**
   * A route that a request has taken.
   *
   * @param filters the route's, in the order in which they run
   * @param variables of the route's path, as the request has them
   * @param content the request's
   * @param trace its span
   * @param onwards the way of the request behind them
   */
  public record Taken(
      List<GatewayFilter> filters,
      Map<String, String> variables,
      Flux<ByteBuf> content,
      Context trace,
      Function<Exchange, Mono<Void>> onwards) {}

  @Override
  public int getOrder() {
    return ORDER;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
    return pass(exchange);
  }

  /** Takes a request through its route's filters. */
  Mono<Void> pass(ServerWebExchange exchange) {
    ServerWebExchangeUtils.setAlreadyRouted(exchange);
    return Mono.deferContextual(
            context -> {
              Taken taken = taken(context);
              ServerWebExchangeUtils.putUriTemplateVariables(exchange, taken.variables());
              return new Chain(taken, 0)
                  .filter(withContent(withoutNamed(exchange), taken.content()));
            })
        .then(Mono.defer(() -> held(exchange).map(HeldExchange::write).orElseGet(Mono::empty)))
        .doFinally(signal -> held(exchange).ifPresent(HeldExchange::end));
  }

  /**
   * Without the headers that the client's {@code Connection} names: they end here, and those of the
   * same name that filters add do not.
   */
  private static ServerWebExchange withoutNamed(ServerWebExchange exchange) {
    List<String> named = exchange.getRequest().getHeaders().getConnection();
    return named.isEmpty()
        ? exchange
        : exchange
            .mutate()
            .request(
                request ->
                    request.headers(
                        headers -> {
                          named.stream()
                              .filter(name -> !EndToEnd.isOne(name))
                              .forEach(headers::remove);
                          headers.remove(HttpHeaders.CONNECTION);
                        }))
            .build();
  }

  /** With the content as the gateway reads it, with its limits. */
  private static ServerWebExchange withContent(ServerWebExchange exchange, Flux<ByteBuf> content) {
    NettyDataBufferFactory buffers =
        (NettyDataBufferFactory) exchange.getResponse().bufferFactory();
    return exchange
        .mutate()
        .request(
            new ServerHttpRequestDecorator(exchange.getRequest()) {
              @Override
              public Flux<DataBuffer> getBody() {
                return content.map(buffers::wrap);
              }
            })
        .build();
  }

  private static Taken taken(ContextView context) {
    return context.get(Taken.class);
  }

  /** Empty when a filter has answered by itself. */
  private static Optional<HeldExchange> held(ServerWebExchange exchange) {
    return Optional.ofNullable(exchange.getAttribute(HELD));
  }

  /** What is left of the filters, and then the way onwards. */
  private final class Chain implements GatewayFilterChain {

    private final Taken taken;
    private final int next;

    Chain(Taken taken, int next) {
      this.taken = taken;
      this.next = next;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange) {
      return Mono.defer(
          () ->
              next < taken.filters().size()
                  ? taken.filters().get(next).filter(exchange, new Chain(taken, next + 1))
                  : forward(exchange));
    }

    private Mono<Void> forward(ServerWebExchange exchange) {
      HeldExchange held = new HeldExchange(exchange, taken.trace());
      exchange.getAttributes().put(HELD, held);
      return held.forward(taken.onwards().apply(held));
    }
  }
}
