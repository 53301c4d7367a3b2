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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
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
    AtomicBoolean isOver = new AtomicBoolean();
    IntConsumer end =
        status -> {
          if (isOver.compareAndSet(false, true)) {
            Object route = exchange.getAttribute(RouterFunctions.MATCHING_PATTERN_ATTRIBUTE);
            if (route != null) {
              HttpServerRoute.update(context, HttpServerRouteSource.CONTROLLER, route.toString());
            }
            spans.end(context, request, status, null);
          }
        };
    // What a failure is answered with is decided outside of this filter.
    exchange
        .getResponse()
        .beforeCommit(() -> Mono.fromRunnable(() -> end.accept(status(exchange))));
    return chain.filter(exchange).doOnCancel(() -> end.accept(CLIENT_CLOSED_REQUEST));
  }

  private static int status(ServerWebExchange exchange) {
    HttpStatusCode status = exchange.getResponse().getStatusCode();
    return status == null ? HttpStatus.OK.value() : status.value();
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
