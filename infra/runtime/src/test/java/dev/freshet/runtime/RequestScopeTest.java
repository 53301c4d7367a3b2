package dev.freshet.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.protocol.RequestId;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.reactive.function.server.MockServerRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.reactive.function.server.ServerRequest;

class RequestScopeTest {

  private static Map<String, String> during(String id) {
    return RequestScope.named(
        id, () -> Objects.requireNonNullElse(MDC.getCopyOfContextMap(), Map.of()));
  }

  @Test
  void requestIsNamedWhileItIsWorkedOnAndNotAfterwards() {
    assertThat(during("abc-1")).containsExactly(Map.entry("http.request.id", "abc-1"));
    assertThat(MDC.get("http.request.id")).isNull();
    assertThatThrownBy(
            () ->
                RequestScope.named(
                    "abc-2",
                    () -> {
                      throw new IllegalStateException("work failed");
                    }))
        .hasMessage("work failed");
    assertThat(MDC.get("http.request.id")).isNull();
  }

  @Test
  void traceIsNamedWhileItIsWorkedInAndNotAfterwards() {
    SpanContext span =
        SpanContext.create(
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "00f067aa0ba902b7",
            TraceFlags.getSampled(),
            TraceState.getDefault());
    Map<String, String> logged =
        RequestScope.within(
            Context.root().with(Span.wrap(span)),
            () -> {
              assertThat(Span.current().getSpanContext()).isEqualTo(span);
              return MDC.getCopyOfContextMap();
            });
    assertThat(logged)
        .containsOnly(
            Map.entry("trace.id", span.getTraceId()), Map.entry("span.id", span.getSpanId()));
    assertThat(Span.current().getSpanContext().isValid()).isFalse();
    assertThat(MDC.get("trace.id")).isNull();
  }

  private static MockServerRequest.Builder request() {
    return MockServerRequest.builder()
        .exchange(MockServerWebExchange.from(MockServerHttpRequest.get("/")));
  }

  @Test
  void whatCanBeNoNameIsNotWrittenIntoLogs() {
    for (String id : List.of("a b", "", "x".repeat(129))) {
      assertThat(RequestScope.id(request().header(RequestId.HEADER, id).build())).isEmpty();
    }
    assertThat(RequestScope.id(request().header(RequestId.HEADER, "abc").build())).contains("abc");
  }

  @Test
  void requestWithoutANameIsGivenOneThatItsAnswerTells() {
    ServerRequest request = request().build();
    RequestScope.name(request);
    Optional<String> id = RequestScope.id(request);
    assertThat(id).isPresent();
    assertThat(request.exchange().getResponse().getHeaders().getFirst(RequestId.HEADER))
        .isEqualTo(id.get());
  }
}
