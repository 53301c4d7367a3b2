package dev.freshet.sync.status;

import dev.freshet.runtime.trace.TraceParent;
import dev.freshet.runtime.trace.Tracing;
import dev.freshet.sync.source.SourceTransaction;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Clock;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * A span for each traced transaction, in the trace of the write that made it: from its commit on
 * the primary until the read database has it.
 */
public final class ArrivalTraces implements Consumer<Observation> {

  private static final AttributeKey<String> READ_DATABASE =
      AttributeKey.stringKey("freshet.read_database");
  private static final AttributeKey<String> POSITION = AttributeKey.stringKey("freshet.position");
  private static final AttributeKey<Long> CHANGES = AttributeKey.longKey("freshet.changes");
  private static final AttributeKey<Long> BATCH =
      AttributeKey.longKey("freshet.batch.transactions");

  private final Tracer tracer;
  private final String readDatabase;
  private final Clock clock;

  /**
   * Prepares to trace.
   *
   * @param readDatabase its name
   */
  public ArrivalTraces(Tracing tracing, String readDatabase, Clock clock) {
    this.tracer = tracing.openTelemetry().getTracer("dev.freshet.cdc-sync");
    this.readDatabase = readDatabase;
    this.clock = clock;
  }

  @Override
  public void accept(Observation observation) {
    if (observation instanceof Observation.Applied applied) {
      for (SourceTransaction transaction : applied.transactions()) {
        if (transaction.trace() != null) {
          TraceParent.read(transaction.trace())
              .ifPresent(write -> arrived(write, transaction, applied));
        }
      }
    }
  }

  /** The delay is measured by the source's clock, the moment by this one. */
  private void arrived(Context write, SourceTransaction transaction, Observation.Applied applied) {
    Instant now = clock.instant();
    Instant committed = now.minus(applied.delay(transaction));
    Span span =
        tracer
            .spanBuilder("arrive in " + readDatabase)
            .setSpanKind(SpanKind.CONSUMER)
            .setParent(write)
            .setStartTimestamp(committed)
            .setAttribute(READ_DATABASE, readDatabase)
            .setAttribute(POSITION, applied.applied().toString())
            .setAttribute(CHANGES, transaction.changes().size())
            .setAttribute(BATCH, (long) applied.transactions().size())
            .startSpan();
    Instant begun = now.minus(applied.took());
    span.addEvent("apply", begun.isBefore(committed) ? committed : begun);
    span.end(now);
  }
}
