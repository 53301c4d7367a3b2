package dev.freshet.gateway.forward;

import dev.freshet.runtime.trace.Ending;
import dev.freshet.runtime.trace.Tracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.instrumentation.api.instrumenter.AttributesExtractor;
import io.opentelemetry.instrumentation.api.instrumenter.Instrumenter;
import io.opentelemetry.instrumentation.api.instrumenter.SpanKindExtractor;
import io.opentelemetry.instrumentation.api.instrumenter.SpanStatusExtractor;
import io.opentelemetry.instrumentation.api.semconv.http.HttpClientAttributesExtractor;
import io.opentelemetry.instrumentation.api.semconv.http.HttpClientAttributesGetter;
import io.opentelemetry.instrumentation.api.semconv.http.HttpSpanNameExtractor;
import io.opentelemetry.instrumentation.api.semconv.http.HttpSpanStatusExtractor;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A span for each attempt, by OpenTelemetry's conventions for HTTP clients. */
public final class AttemptTraces {

  private static final AttributeKey<String> INSTANCE = AttributeKey.stringKey("freshet.instance");
  private static final AttributeKey<String> KIND = AttributeKey.stringKey("freshet.kind");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("freshet.outcome");

  private final @Nullable Instrumenter<Outgoing, Outcome> spans;

  /**
   * How an attempt ended.
   *
   * @param status of the instance's answer; null where the client did not get one
   * @param isFailure whether the instance is to blame
   */
  private record Outcome(String text, @Nullable Integer status, boolean isFailure) {

    static Outcome of(Attempt attempt) {
      return switch (attempt) {
        case Attempt.Answered answered -> new Outcome("answered", answered.status(), false);
        case Attempt.Declined(boolean failed) ->
            new Outcome(failed ? "declined" : "behind", null, failed);
        case Attempt.Withheld ignored -> new Outcome("withheld", null, false);
        case Attempt.Unreachable ignored -> new Outcome("unreachable", null, true);
        case Attempt.NoConnection ignored -> new Outcome("no-connection", null, true);
        case Attempt.ContentBroken ignored -> new Outcome("content-broken", null, false);
        case Attempt.Unanswered ignored -> new Outcome("unanswered", null, true);
        case Attempt.Unreadable ignored -> new Outcome("unreadable", null, true);
        case Attempt.Moved ignored -> new Outcome("moved", null, true);
        case Attempt.TimedOut ignored -> new Outcome("timed-out", null, true);
      };
    }

    static Outcome of(Ending<Attempt> ending) {
      return switch (ending) {
        case Ending.Done<Attempt>(Attempt attempt) when attempt != null -> of(attempt);
        case Ending.Failed<Attempt> ignored -> new Outcome("broken-off", null, true);
        // Another instance was faster, or the client is gone.
        case Ending.Done<Attempt> ignored -> new Outcome("given-up", null, false);
        case Ending.GivenUp<Attempt> ignored -> new Outcome("given-up", null, false);
      };
    }
  }

  /** Traces as a part does. */
  public AttemptTraces(Tracing tracing) {
    this.spans =
        tracing.isOn()
            ? Instrumenter.<Outgoing, Outcome>builder(
                    tracing.openTelemetry(),
                    "dev.freshet.gateway",
                    HttpSpanNameExtractor.create(ATTRIBUTES))
                .setSpanStatusExtractor(STATUS)
                .addAttributesExtractor(HttpClientAttributesExtractor.create(ATTRIBUTES))
                .addAttributesExtractor(OF_FRESHET)
                // What backends are told is written with the other headers, later.
                .buildInstrumenter(SpanKindExtractor.alwaysClient())
            : null;
  }

  /** Has a span around an attempt. */
  Mono<Attempt> around(Forwarder.Try tried, Function<Forwarder.Try, Mono<Attempt>> sending) {
    if (spans == null) {
      return sending.apply(tried);
    }
    Outgoing outgoing = tried.outgoing();
    return Mono.defer(
        () -> {
          Context context = spans.start(outgoing.trace(), outgoing);
          return Ending.of(
              sending.apply(tried.with(outgoing.within(context))),
              ending -> spans.end(context, outgoing, Outcome.of(ending), null));
        });
  }

  private static final HttpClientAttributesGetter<Outgoing, Outcome> ATTRIBUTES =
      new HttpClientAttributesGetter<>() {
        @Override
        public String getHttpRequestMethod(Outgoing outgoing) {
          return outgoing.exchange().method();
        }

        @Override
        public List<String> getHttpRequestHeader(Outgoing outgoing, String name) {
          return List.of();
        }

        @Override
        public @Nullable Integer getHttpResponseStatusCode(
            Outgoing outgoing, Outcome outcome, @Nullable Throwable failure) {
          return outcome.status();
        }

        @Override
        public List<String> getHttpResponseHeader(Outgoing outgoing, Outcome outcome, String name) {
          return List.of();
        }

        @Override
        public @Nullable String getErrorType(
            Outgoing outgoing, @Nullable Outcome outcome, @Nullable Throwable failure) {
          return outcome != null && outcome.isFailure() ? outcome.text() : null;
        }

        // Without the query: values that clients ask for are theirs.
        @Override
        public String getUrlFull(Outgoing outgoing) {
          return url(outgoing) + outgoing.exchange().path();
        }

        @Override
        public @Nullable String getServerAddress(Outgoing outgoing) {
          return url(outgoing).getHost();
        }

        @Override
        public @Nullable Integer getServerPort(Outgoing outgoing) {
          int port = url(outgoing).getPort();
          return port < 0 ? null : port;
        }

        private static URI url(Outgoing outgoing) {
          return outgoing.candidate().instance().spec().url();
        }
      };

  private static final SpanStatusExtractor<Outgoing, Outcome> BY_STATUS =
      HttpSpanStatusExtractor.create(ATTRIBUTES);

  private static final SpanStatusExtractor<Outgoing, Outcome> STATUS =
      (span, outgoing, outcome, failure) -> {
        if (outcome != null && outcome.isFailure()) {
          span.setStatus(StatusCode.ERROR);
        } else {
          BY_STATUS.extract(span, outgoing, outcome, failure);
        }
      };

  private static final AttributesExtractor<Outgoing, Outcome> OF_FRESHET =
      new AttributesExtractor<>() {
        @Override
        public void onStart(AttributesBuilder attributes, Context parent, Outgoing outgoing) {
          attributes.put(INSTANCE, outgoing.candidate().instance().spec().id());
          attributes.put(KIND, outgoing.candidate().instance().spec().kind().wireName());
        }

        @Override
        public void onEnd(
            AttributesBuilder attributes,
            Context context,
            Outgoing outgoing,
            @Nullable Outcome outcome,
            @Nullable Throwable failure) {
          if (outcome != null) {
            attributes.put(OUTCOME, outcome.text());
          }
        }
      };
}
