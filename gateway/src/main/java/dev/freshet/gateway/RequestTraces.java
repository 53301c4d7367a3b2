package dev.freshet.gateway;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Traced;
import dev.freshet.gateway.forward.Forwarding;
import dev.freshet.gateway.routing.Route;
import dev.freshet.protocol.RequestId;
import dev.freshet.runtime.trace.Ending;
import dev.freshet.runtime.trace.Tracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
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
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A span for each request of a client, by OpenTelemetry's conventions for HTTP servers, and in
 * attributes of Freshet's own what was done with it and why.
 */
final class RequestTraces implements Consumer<Observation> {

  private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("freshet.route");
  private static final AttributeKey<String> REQUEST = AttributeKey.stringKey("freshet.request_id");
  private static final AttributeKey<String> INTENT = AttributeKey.stringKey("freshet.intent");
  private static final AttributeKey<String> SOURCE = AttributeKey.stringKey("freshet.source");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("freshet.reason");
  private static final AttributeKey<Long> WAITED = AttributeKey.longKey("freshet.waited_ms");

  /** Whatever else clients say of where they come from, {@link Forwarding} judges. */
  private static final Set<String> TOLD_OF_CLIENTS = Set.of("user-agent", "host");

  private final @Nullable Instrumenter<Exchange, How> spans;
  private final Forwarding forwarding;

  /** How a request ended: an answer's status, or null where none began. */
  private record How(@Nullable Integer status, @Nullable String error) {}

  /**
   * Traces as a part does.
   *
   * @param forwarding knows who the client is behind proxies, and how spans are told of
   */
  RequestTraces(Tracing tracing, Forwarding forwarding) {
    Attributes attributes = new Attributes(forwarding);
    this.forwarding = forwarding;
    this.spans =
        tracing.isOn()
            ? Instrumenter.<Exchange, How>builder(
                    tracing.openTelemetry(),
                    "dev.freshet.gateway",
                    HttpSpanNameExtractor.create(attributes))
                .setSpanStatusExtractor(HttpSpanStatusExtractor.create(attributes))
                .addAttributesExtractor(HttpServerAttributesExtractor.create(attributes))
                .addContextCustomizer(HttpServerRoute.create(attributes))
                .buildServerInstrumenter(HEADERS)
            : null;
  }

  /**
   * Has a request's span around its handling. Its headers tell of the span from then on, so that
   * whoever handles it does.
   *
   * @param status the answer's, once it has begun
   */
  Mono<Void> around(
      Exchange exchange, IntSupplier status, Function<Exchange, Mono<Void>> handling) {
    if (spans == null) {
      return handling.apply(exchange);
    }
    Context context = spans.start(Context.root(), exchange);
    forwarding.tell(context, exchange.headers());
    Span.fromContext(context)
        .setAttribute(REQUEST, String.valueOf(exchange.headers().get(RequestId.HEADER)));
    return Ending.of(
        handling.apply(new Traced(exchange, context)),
        ending ->
            spans.end(
                context,
                exchange,
                new How(exchange.isAnswered() ? status.getAsInt() : null, error(ending)),
                null));
  }

  private static @Nullable String error(Ending<Void> ending) {
    return switch (ending) {
      case Ending.Done<Void> ignored -> null;
      case Ending.Failed<Void> ignored -> "broken-off";
      case Ending.GivenUp<Void> ignored -> "client-gone";
    };
  }

  /** A request's route is known. */
  static void tookRoute(Exchange exchange, Route route) {
    Context context = exchange.trace();
    if (!context.equals(Context.root())) {
      Span.fromContext(context).setAttribute(ROUTE, route.id());
      HttpServerRoute.update(
          context, HttpServerRouteSource.CONTROLLER, route.path().getPatternString());
    }
  }

  @Override
  public void accept(Observation observation) {
    if (observation instanceof Observation.Finished finished) {
      Span span = Span.fromContext(finished.exchange().trace());
      span.setAttribute(INTENT, finished.intent().text());
      span.setAttribute(SOURCE, finished.backend());
      Observation.Answered answered = finished.answered();
      if (answered != null) {
        span.setAttribute(REASON, answered.reason().text());
        span.setAttribute(WAITED, answered.waited().toMillis());
      }
    }
  }

  private static final TextMapGetter<Exchange> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Exchange exchange) {
          return exchange.headers().names();
        }

        @Override
        public @Nullable String get(@Nullable Exchange exchange, String name) {
          List<String> values = exchange == null ? List.of() : exchange.headers().getAll(name);
          // One header in several lines; what is no list is broken then, and starts a new trace.
          return values.isEmpty() ? null : String.join(",", values);
        }
      };

  private record Attributes(Forwarding forwarding)
      implements HttpServerAttributesGetter<Exchange, How> {

    @Override
    public String getHttpRequestMethod(Exchange exchange) {
      return exchange.method();
    }

    @Override
    public List<String> getHttpRequestHeader(Exchange exchange, String name) {
      return TOLD_OF_CLIENTS.contains(name.toLowerCase(Locale.ROOT))
          ? exchange.headers().getAll(name)
          : List.of();
    }

    @Override
    public @Nullable Integer getHttpResponseStatusCode(
        Exchange exchange, How how, @Nullable Throwable failure) {
      return how.status();
    }

    @Override
    public List<String> getHttpResponseHeader(Exchange exchange, How how, String name) {
      return List.of();
    }

    @Override
    public @Nullable String getErrorType(
        Exchange exchange, @Nullable How how, @Nullable Throwable failure) {
      return how == null ? null : how.error();
    }

    @Override
    public String getUrlScheme(Exchange exchange) {
      return exchange.isSecure() ? "https" : "http";
    }

    @Override
    public String getUrlPath(Exchange exchange) {
      return exchange.path();
    }

    /** Values that clients ask for are theirs. */
    @Override
    public @Nullable String getUrlQuery(Exchange exchange) {
      return null;
    }

    @Override
    public @Nullable String getClientAddress(Exchange exchange) {
      return forwarding.client(exchange).orElse(null);
    }

    @Override
    public @Nullable InetSocketAddress getNetworkPeerInetSocketAddress(
        Exchange exchange, @Nullable How how) {
      return exchange.client();
    }
  }
}
