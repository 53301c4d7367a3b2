package dev.freshet.spring;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.security.Principal;
import java.util.Optional;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * What services with WebFlux have. Transactions are on the threads on which controllers and
 * services block; what the request says goes there with Reactor's context.
 */
@AutoConfiguration(after = FreshetAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnBean(Positions.class)
class WebFluxAutoConfiguration {

  WebFluxAutoConfiguration() {
    ContextRegistry.getInstance().registerThreadLocalAccessor(new OnThread());
    Hooks.enableAutomaticContextPropagation();
  }

  @Bean
  PositionReports.Reactive freshetPositionReport(PositionReports reports) {
    return new PositionReports.Reactive(reports);
  }

  @Bean
  @Order(WebMvcAutoConfiguration.AFTER_SECURITY)
  WebFilter freshetPositionFilter(Positions positions) {
    return (exchange, chain) -> {
      return exchange
          .getPrincipal()
          .map(Principal::getName)
          .map(Optional::of)
          .defaultIfEmpty(Optional.empty())
          .flatMap(
              user -> {
                CurrentRequest request = current(exchange.getRequest(), user);
                exchange.getResponse().beforeCommit(() -> tell(exchange, request, positions));
                return chain
                    .filter(exchange)
                    .contextWrite(context -> context.put(CurrentRequest.CONTEXT_KEY, request));
              });
    };
  }

  private static CurrentRequest current(ServerHttpRequest request, Optional<String> user) {
    String query = request.getURI().getRawQuery();
    return CurrentRequest.of(
        request.getMethod()
            + " "
            + request.getURI().getRawPath()
            + (query == null ? "" : "?" + query),
        request.getHeaders()::getFirst,
        user.orElse(null));
  }

  private static Mono<Void> tell(
      ServerWebExchange exchange, CurrentRequest request, Positions positions) {
    return Mono.fromCallable(() -> positions.after(request))
        .subscribeOn(Schedulers.boundedElastic())
        .doOnNext(asked -> asked.ifPresent(position -> tell(exchange, position)))
        .then();
  }

  private static void tell(ServerWebExchange exchange, Position position) {
    exchange.getResponse().getHeaders().set(FreshetHeaders.POSITION, position.toString());
  }

  /** Takes the request from Reactor's context to the thread, and away again. */
  private static final class OnThread implements ThreadLocalAccessor<CurrentRequest> {

    @Override
    public Object key() {
      return CurrentRequest.CONTEXT_KEY;
    }

    @Override
    public CurrentRequest getValue() {
      return CurrentRequest.ON_THREAD.get();
    }

    @Override
    public void setValue(CurrentRequest request) {
      CurrentRequest.ON_THREAD.set(request);
    }

    @Override
    public void setValue() {
      CurrentRequest.ON_THREAD.remove();
    }
  }
}
