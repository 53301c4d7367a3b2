package dev.freshet.runtime.trace;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A span as a text: {@code traceparent} of W3C Trace Context. */
public final class TraceParent {

  private static final String NAME = "traceparent";

  private TraceParent() {}

  /** The span that this thread works in; empty when it is in none that is traced. */
  public static Optional<String> current() {
    SpanContext span = Span.current().getSpanContext();
    if (!span.isValid() || !span.isSampled()) {
      return Optional.empty();
    }
    Map<String, String> texts = new HashMap<>();
    W3CTraceContextPropagator.getInstance()
        .inject(Context.current(), texts, (map, name, value) -> texts.put(name, value));
    return Optional.ofNullable(texts.get(NAME));
  }

  /** The span that a text names; empty when it names none that is traced. */
  public static Optional<Context> read(String text) {
    Context context =
        W3CTraceContextPropagator.getInstance().extract(Context.root(), text, ONE_HEADER);
    return Optional.of(context)
        .filter(named -> Span.fromContext(named).getSpanContext().isSampled());
  }

  private static final TextMapGetter<String> ONE_HEADER =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(String text) {
          return List.of(NAME);
        }

        @Override
        public @Nullable String get(@Nullable String text, String name) {
          return name.equals(NAME) ? text : null;
        }
      };
}
