package dev.freshet.runtime.trace;

import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.instrumentation.api.instrumenter.Instrumenter;
import io.opentelemetry.instrumentation.api.semconv.http.HttpServerAttributesExtractor;
import io.opentelemetry.instrumentation.api.semconv.http.HttpServerAttributesGetter;
import io.opentelemetry.instrumentation.api.semconv.http.HttpServerRoute;
import io.opentelemetry.instrumentation.api.semconv.http.HttpServerRouteSource;
import io.opentelemetry.instrumentation.api.semconv.http.HttpSpanNameExtractor;
import io.opentelemetry.instrumentation.api.semconv.http.HttpSpanStatusExtractor;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.ErrorResponse;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * A span for each request that a backend answers, by OpenTelemetry's conventions for HTTP servers;
 * not for those by which its position, health and metrics are asked for.
 */
public final class TracedRequests implements WebFilter {

  private static final String ATTRIBUTE = TracedRequests.class.getName();

  private static final String SCOPE = "dev.freshet.backend";

  private static final List<String> NOT_OF_CLIENTS = List.of("/.freshet/", "/actuator/");

  /** How a request ended whose answer nobody waits for any more. */
  private static final int CLIENT_CLOSED_REQUEST = 499;

  private final @Nullable Instrumenter<ServerHttpRequest, Integer> spans;

  /** Traces as a part does. */
  public TracedRequests(Tracing tracing) {
    this.spans =
        tracing.isOn()
            ? Instrumenter.<ServerHttpRequest, Integer>builder(
                    tracing.openTelemetry(), SCOPE, HttpSpanNameExtractor.create(ATTRIBUTES))
                .setSpanStatusExtractor(HttpSpanStatusExtractor.create(ATTRIBUTES))
                .addAttributesExtractor(HttpServerAttributesExtractor.create(ATTRIBUTES))
                .addContextCustomizer(HttpServerRoute.create(ATTRIBUTES))
                .buildServerInstrumenter(HEADERS)
            : null;
  }

  /** The span of a request; empty when the request is not traced. */
  public static Optional<Context> of(Map<String, Object> attributes) {
    return Optional.ofNullable((Context) attributes.get(ATTRIBUTE));
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    String path = request.getURI().getRawPath();
    return spans == null || NOT_OF_CLIENTS.stream().anyMatch(path::startsWith)
        ? chain.filter(exchange)
        : Mono.defer(() -> traced(spans, exchange, chain));
  }

  private static Mono<Void> traced(
      Instrumenter<ServerHttpRequest, Integer> spans,
      ServerWebExchange exchange,
      WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    Context context = spans.start(Context.root(), request);
    exchange.getAttributes().put(ATTRIBUTE, context);
    return Ending.of(
        chain.filter(exchange),
        ending -> {
          Object route = exchange.getAttribute(RouterFunctions.MATCHING_PATTERN_ATTRIBUTE);
          if (route != null) {
            HttpServerRoute.update(context, HttpServerRouteSource.CONTROLLER, route.toString());
          }
          int status = status(ending, exchange);
          spans.end(
              context,
              request,
              status,
              ending instanceof Ending.Failed<Void>(Throwable failure) && status >= 500
                  ? failure
                  : null);
        });
  }

  private static int status(Ending<Void> ending, ServerWebExchange exchange) {
    return switch (ending) {
      case Ending.Done<Void> ignored -> {
        HttpStatusCode status = exchange.getResponse().getStatusCode();
        yield status == null ? 200 : status.value();
      }
      case Ending.Failed<Void>(Throwable failure) ->
          failure instanceof ErrorResponse answer ? answer.getStatusCode().value() : 500;
      case Ending.GivenUp<Void> ignored -> CLIENT_CLOSED_REQUEST;
    };
  }

  private static final HttpServerAttributesGetter<ServerHttpRequest, Integer> ATTRIBUTES =
      new HttpServerAttributesGetter<>() {
        @Override
        public String getHttpRequestMethod(ServerHttpRequest request) {
          return request.getMethod().name();
        }

        @Override
        public List<String> getHttpRequestHeader(ServerHttpRequest request, String name) {
          return request.getHeaders().getOrDefault(name, List.of());
        }

        @Override
        public Integer getHttpResponseStatusCode(
            ServerHttpRequest request, Integer status, @Nullable Throwable failure) {
          return status;
        }

        @Override
        public List<String> getHttpResponseHeader(
            ServerHttpRequest request, Integer status, String name) {
          return List.of();
        }

        @Override
        public @Nullable String getUrlScheme(ServerHttpRequest request) {
          return request.getURI().getScheme();
        }

        @Override
        public String getUrlPath(ServerHttpRequest request) {
          return request.getURI().getRawPath();
        }

        // Values that clients ask for are theirs.
        @Override
        public @Nullable String getUrlQuery(ServerHttpRequest request) {
          return null;
        }

        @Override
        public @Nullable InetSocketAddress getNetworkPeerInetSocketAddress(
            ServerHttpRequest request, @Nullable Integer status) {
          return request.getRemoteAddress();
        }
      };

  private static final TextMapGetter<ServerHttpRequest> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(ServerHttpRequest request) {
          return request.getHeaders().headerNames();
        }

        @Override
        public @Nullable String get(@Nullable ServerHttpRequest request, String name) {
          return request == null ? null : request.getHeaders().getFirst(name);
        }
      };
}
