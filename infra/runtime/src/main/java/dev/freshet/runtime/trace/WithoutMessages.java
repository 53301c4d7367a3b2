package dev.freshet.runtime.trace;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.DelegatingSpanData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.List;

/**
 * Sends spans without what failures say of themselves: PostgreSQL's messages quote the values that
 * it did not like. Their types stay; the log has the rest.
 */
final class WithoutMessages implements SpanExporter {

  private static final List<AttributeKey<String>> TEXTS =
      List.of(
          AttributeKey.stringKey("exception.message"),
          AttributeKey.stringKey("exception.stacktrace"));

  private final SpanExporter exporter;

  WithoutMessages(SpanExporter exporter) {
    this.exporter = exporter;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    return exporter.export(spans.stream().<SpanData>map(Quiet::new).toList());
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }

  private static final class Quiet extends DelegatingSpanData {

    Quiet(SpanData span) {
      super(span);
    }

    @Override
    public StatusData getStatus() {
      return StatusData.create(super.getStatus().getStatusCode(), "");
    }

    @Override
    public List<EventData> getEvents() {
      return super.getEvents().stream().map(Quiet::quiet).toList();
    }

    private static EventData quiet(EventData event) {
      return TEXTS.stream().allMatch(text -> event.getAttributes().get(text) == null)
          ? event
          : EventData.create(
              event.getEpochNanos(),
              event.getName(),
              event.getAttributes().toBuilder().removeIf(TEXTS::contains).build(),
              event.getTotalAttributeCount());
    }
  }
}
