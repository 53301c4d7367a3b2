package dev.freshet.sync.status;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gauges of a status. What is unknown is absent, and comes with the observation that makes it
 * known.
 */
public final class KnownGauges {

  private final MeterRegistry meters;
  private final SyncStatus status;
  private final List<Figure> figures = new ArrayList<>();
  private final Set<Figure> shown = new HashSet<>();

  public KnownGauges(MeterRegistry meters, SyncStatus status) {
    this.meters = meters;
    this.status = status;
  }

  /** A gauge that is there as long as its value is known. */
  private record Figure(
      Meter.Id id, Function<SyncStatus.Snapshot, ? extends @Nullable Number> value) {}

  /**
   * Adds a gauge.
   *
   * @param value null while it is unknown
   */
  public void add(
      String name, Tags tags, Function<SyncStatus.Snapshot, ? extends @Nullable Number> value) {
    figures.add(new Figure(new Meter.Id(name, tags, null, null, Meter.Type.GAUGE), value));
  }

  /** A figure of something that may not be there. */
  public static <T> @Nullable Number of(
      @Nullable T thing, Function<T, ? extends @Nullable Number> figure) {
    return thing == null ? null : figure.apply(thing);
  }

  /** Shows those that are known now, and no others. */
  public void showKnown() {
    SyncStatus.Snapshot now = status.snapshot();
    for (Figure figure : figures) {
      if (figure.value().apply(now) == null) {
        meters.remove(figure.id());
        shown.remove(figure);
      } else if (shown.add(figure)) {
        Gauge.builder(figure.id().getName(), () -> figure.value().apply(status.snapshot()))
            .tags(figure.id().getTags())
            .register(meters);
      }
    }
  }
}
