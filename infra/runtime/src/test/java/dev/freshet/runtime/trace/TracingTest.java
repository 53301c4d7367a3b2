package dev.freshet.runtime.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TracingTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SPAN = "00f067aa0ba902b7";

  private static boolean isAskedFor(Map<String, String> settings) {
    return Tracing.isAskedFor(settings::get);
  }

  @Test
  void tracingIsOffUntilAVariableSaysWhereTracesGo() {
    assertThat(isAskedFor(Map.of())).isFalse();
    assertThat(isAskedFor(Map.of("otel.service.name", "shop"))).isFalse();
    assertThat(isAskedFor(Map.of("otel.exporter.otlp.endpoint", " "))).isFalse();
    assertThat(isAskedFor(Map.of("otel.exporter.otlp.endpoint", "http://127.0.0.1:4318"))).isTrue();
    assertThat(isAskedFor(Map.of("otel.exporter.otlp.traces.endpoint", "http://127.0.0.1:4318")))
        .isTrue();
    assertThat(isAskedFor(Map.of("otel.traces.exporter", "otlp"))).isTrue();
  }

  @Test
  void tracingIsOffWhereAVariableSaysSo() {
    assertThat(
            isAskedFor(
                Map.of(
                    "otel.exporter.otlp.endpoint", "http://127.0.0.1:4318",
                    "otel.traces.exporter", "none")))
        .isFalse();
    assertThat(
            isAskedFor(
                Map.of(
                    "otel.exporter.otlp.endpoint", "http://127.0.0.1:4318",
                    "otel.sdk.disabled", "true")))
        .isFalse();
  }

  @Test
  void spanThatIsSampledCanBeToldAndReadAgain() {
    Optional<String> told = toldWithin(TraceFlags.getSampled());
    assertThat(told).contains("00-" + TRACE + "-" + SPAN + "-01");
    SpanContext read =
        Span.fromContext(TraceParent.read(told.orElseThrow()).orElseThrow()).getSpanContext();
    assertThat(read.getTraceId()).isEqualTo(TRACE);
    assertThat(read.getSpanId()).isEqualTo(SPAN);
    assertThat(read.isRemote()).isTrue();
  }

  @Test
  void spanThatIsNotSampledIsNotTold() {
    assertThat(toldWithin(TraceFlags.getDefault())).isEmpty();
    assertThat(TraceParent.current()).isEmpty();
    assertThat(TraceParent.read("00-" + TRACE + "-" + SPAN + "-00")).isEmpty();
  }

  @Test
  void textThatIsNoTraceParentNamesNoSpan() {
    assertThat(TraceParent.read("")).isEmpty();
    assertThat(TraceParent.read("00-" + TRACE + "-" + SPAN)).isEmpty();
    assertThat(TraceParent.read("anything")).isEmpty();
  }

  private static Optional<String> toldWithin(TraceFlags flags) {
    Span span = Span.wrap(SpanContext.create(TRACE, SPAN, flags, TraceState.getDefault()));
    try (Scope _ = span.makeCurrent()) {
      return TraceParent.current();
    }
  }
}
