package dev.freshet.runtime;

import dev.freshet.protocol.RequestId;
import dev.freshet.runtime.trace.TracedRequests;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * Work on a request on one thread: what is logged meanwhile names the request, and what is traced
 * is part of it.
 */
public final class RequestScope {

  /** The field of a log's line that names the request, as in the Elastic Common Schema. */
  public static final String REQUEST = "http.request.id";

  private static final String TRACE = "trace.id";
  private static final String SPAN = "span.id";

  private static final String GIVEN = RequestScope.class.getName() + ".id";

  private RequestScope() {}

  /** What a request is called: as its sender says, or as it has been named here. */
  public static Optional<String> id(ServerRequest request) {
    String said = request.headers().firstHeader(RequestId.HEADER);
    return said != null && RequestId.isPlain(said)
        ? Optional.of(said)
        : request.attribute(GIVEN).map(Object::toString);
  }

  /** Sees to it that a request has a name, which its answer tells, too. */
  static void name(ServerRequest request) {
    if (id(request).isEmpty()) {
      request.attributes().put(GIVEN, RequestId.make());
    }
    request.exchange().getResponse().getHeaders().set(RequestId.HEADER, id(request).orElseThrow());
  }

  /** What is done, and how it may fail. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T get() throws E;
  }

  /** Works on a request. */
  public static <T, E extends Exception> T during(ServerRequest request, Work<T, E> work) throws E {
    Optional<Context> span = TracedRequests.of(request.attributes());
    return named(id(request).orElse(null), span.isEmpty() ? work : () -> within(span.get(), work));
  }

  static <T, E extends Exception> T named(@Nullable String id, Work<T, E> work) throws E {
    if (id == null) {
      return work.get();
    }
    MDC.put(REQUEST, id);
    try {
      return work.get();
    } finally {
      MDC.remove(REQUEST);
    }
  }

  static <T, E extends Exception> T within(Context traced, Work<T, E> work) throws E {
    SpanContext span = Span.fromContext(traced).getSpanContext();
    MDC.put(TRACE, span.getTraceId());
    MDC.put(SPAN, span.getSpanId());
    try (Scope _ = traced.makeCurrent()) {
      return work.get();
    } finally {
      MDC.remove(TRACE);
      MDC.remove(SPAN);
    }
  }
}
