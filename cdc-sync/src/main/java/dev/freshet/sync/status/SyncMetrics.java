package dev.freshet.sync.status;

import dev.freshet.sync.capture.RowChange;
import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.source.Slot;
import dev.freshet.sync.status.Observation.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of the public contract. What is unknown is absent: NaN, which is not exported as 0.
 */
public final class SyncMetrics implements Consumer<Observation> {

  private final MeterRegistry meters;
  private final Tags tags;
  private final Timer apply;
  private final MultiGauge deadLetters;
  private final SyncStatus status;
  private Map<String, Long> letters = Map.of();
  private volatile Set<String> models = Set.of();

  public SyncMetrics(MeterRegistry meters, SyncStatus status, String readDatabase, String slot) {
    this.meters = meters;
    this.status = status;
    this.tags = Tags.of("read_database", readDatabase);
    this.deadLetters =
        MultiGauge.builder("freshet.dead.letters")
            .description("Changes that the read database refused")
            .tags(tags)
            .register(meters);
    this.apply =
        Timer.builder("freshet.sync.apply")
            .description("Time to apply a batch of source transactions")
            .publishPercentileHistogram()
            .tags(tags)
            .register(meters);
    gauge("freshet.sync.active", tags, status, s -> s.state() == State.STREAMING ? 1.0 : 0.0);
    gauge("freshet.sync.lag.seconds", tags, status, s -> orNaN(s.lagSeconds()));
    gauge("freshet.sync.lag.bytes", tags, status, s -> orNaN(s.lagBytes()));
    gauge("freshet.sync.copy.rows", tags, status, s -> of(s, Progress::rows));
    gauge("freshet.sync.copy.rows.per.second", tags, status, s -> of(s, Progress::rate));
    gauge("freshet.sync.copy.seconds.left", tags, status, s -> of(s, Progress::secondsLeft));
    Tags slotTags = tags.and("slot", slot);
    slotGauge("freshet.slot.retained.bytes", slotTags, status, Slot.Claim::retainedBytes);
    slotGauge("freshet.slot.safe.bytes", slotTags, status, Slot.Claim::safeBytes);
    slotGauge("freshet.slot.lost", slotTags, status, claim -> claim.lost() ? 1 : 0);
  }

  private void gauge(
      String name, Tags tags, SyncStatus status, Function<SyncStatus.Snapshot, Double> value) {
    Gauge.builder(name, status, s -> value.apply(s.snapshot())).tags(tags).register(meters);
  }

  private void slotGauge(
      String name, Tags tags, SyncStatus status, Function<Slot.Claim, @Nullable Number> value) {
    gauge(name, tags, status, s -> s.claim() == null ? Double.NaN : orNaN(value.apply(s.claim())));
  }

  private static double of(SyncStatus.Snapshot now, Function<Progress, Number> figure) {
    return now.progress() == null ? Double.NaN : figure.apply(now.progress()).doubleValue();
  }

  private static double orNaN(@Nullable Number value) {
    return value == null ? Double.NaN : value.doubleValue();
  }

  @Override
  public void accept(Observation observation) {
    if (observation instanceof Observation.Applied applied) {
      apply.record(applied.took());
      showModels(applied.models());
      if (!applied.letters().equals(letters)) {
        showLetters(applied.letters());
      }
      applied.transactions().forEach(t -> t.changes().forEachChunk(c -> c.forEach(this::count)));
    }
  }

  /** A model that is not followed has no freshness. */
  private void showModels(Set<String> followed) {
    if (followed.equals(models)) {
      return;
    }
    Set<String> before = models;
    models = followed;
    followed.stream()
        .filter(model -> !before.contains(model))
        .forEach(
            model ->
                gauge(
                    "freshet.model.freshness.seconds",
                    tags.and("model", model),
                    status,
                    s -> models.contains(model) ? orNaN(s.lagSeconds()) : Double.NaN));
  }

  private void showLetters(Map<String, Long> counts) {
    letters = counts;
    deadLetters.register(
        counts.entrySet().stream()
            .<MultiGauge.Row<?>>map(
                e -> MultiGauge.Row.of(Tags.of("table", e.getKey()), e.getValue()))
            .toList(),
        true);
  }

  private void count(RowChange change) {
    String op =
        switch (change) {
          case RowChange.Upsert ignored -> "upsert";
          case RowChange.Delete ignored -> "delete";
          case RowChange.Truncate ignored -> "truncate";
        };
    meters
        .counter(
            "freshet.sync.changes",
            tags.and(Tag.of("table", change.table().toString()), Tag.of("op", op)))
        .increment();
  }
}
