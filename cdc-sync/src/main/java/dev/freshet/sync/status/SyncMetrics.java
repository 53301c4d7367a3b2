package dev.freshet.sync.status;

import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.status.Observation.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of the public contract. What is unknown is absent, and comes with the observation
 * that makes it known.
 */
public final class SyncMetrics implements Consumer<Observation> {

  /** Beyond half a minute, the usual end of histograms, it gets interesting. */
  private static final Duration LONGEST = Duration.ofHours(1);

  /** The timer of how long commits take to be readable. */
  static final String DELAY = "freshet.sync.delay";

  private final MeterRegistry meters;
  private final Tags tags;
  private final Timer apply;
  private final Timer delay;
  private final MultiGauge deadLetters;
  private final SyncStatus status;
  private final MultiGauge freshness;
  private final List<Figure> figures = new ArrayList<>();
  private final Set<Figure> shown = new HashSet<>();
  private Map<String, Long> letters = Map.of();
  private Set<String> models = Set.of();

  public SyncMetrics(MeterRegistry meters, SyncStatus status, String readDatabase, String slot) {
    this.meters = meters;
    this.status = status;
    this.tags = Tags.of("read_database", readDatabase);
    this.deadLetters =
        MultiGauge.builder("freshet.dead.letters")
            .description("Changes that the read database refused")
            .tags(tags)
            .register(meters);
    this.freshness =
        MultiGauge.builder("freshet.model.freshness.seconds")
            .description("How far behind the source a model's table is")
            .tags(tags)
            .register(meters);
    this.apply =
        Timer.builder("freshet.sync.apply")
            .description("Time to apply a batch of source transactions")
            .publishPercentileHistogram()
            .tags(tags)
            .register(meters);
    this.delay =
        Timer.builder(DELAY)
            .description("From commit at the source to readable in the read database")
            .publishPercentileHistogram()
            .maximumExpectedValue(LONGEST)
            .tags(tags)
            .register(meters);
    gauge("freshet.sync.active", tags, s -> s.state() == State.STREAMING ? 1 : 0);
    gauge("freshet.sync.lag.seconds", tags, SyncStatus.Snapshot::lagSeconds);
    gauge("freshet.sync.lag.bytes", tags, SyncStatus.Snapshot::lagBytes);
    gauge("freshet.sync.copy.rows", tags, s -> of(s.progress(), Progress::rows));
    gauge("freshet.sync.copy.rows.per.second", tags, s -> of(s.progress(), Progress::rate));
    gauge("freshet.sync.copy.seconds.left", tags, s -> of(s.progress(), Progress::secondsLeft));
    Tags slotTags = tags.and("slot", slot);
    gauge("freshet.slot.retained.bytes", slotTags, s -> of(s.claim(), Claim::retainedBytes));
    gauge("freshet.slot.safe.bytes", slotTags, s -> of(s.claim(), Claim::safeBytes));
    gauge("freshet.slot.lost", slotTags, s -> of(s.claim(), claim -> claim.lost() ? 1 : 0));
    showKnown();
  }

  /** A gauge that is there as long as its value is known. */
  private record Figure(
      Meter.Id id, Function<SyncStatus.Snapshot, ? extends @Nullable Number> value) {}

  private void gauge(
      String name, Tags tags, Function<SyncStatus.Snapshot, ? extends @Nullable Number> value) {
    figures.add(new Figure(new Meter.Id(name, tags, null, null, Meter.Type.GAUGE), value));
  }

  private static <T> @Nullable Number of(
      @Nullable T thing, Function<T, ? extends @Nullable Number> figure) {
    return thing == null ? null : figure.apply(thing);
  }

  private void showKnown() {
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

  @Override
  public synchronized void accept(Observation observation) {
    if (observation instanceof Observation.Applied applied) {
      apply.record(applied.took());
      for (SourceTransaction transaction : applied.transactions()) {
        delay.record(applied.delay(transaction));
      }
      showModels(applied.models());
      if (!applied.letters().equals(letters)) {
        showLetters(applied.letters());
      }
      count(applied.transactions());
    } else {
      showKnown();
    }
  }

  /** A model that is not followed has no freshness. */
  private void showModels(Set<String> followed) {
    if (followed.equals(models)) {
      return;
    }
    models = followed;
    freshness.register(
        followed.stream()
            .<MultiGauge.Row<?>>map(
                model ->
                    MultiGauge.Row.of(
                        Tags.of("model", model), status, s -> lagSeconds(s.snapshot())))
            .toList(),
        true);
  }

  private static double lagSeconds(SyncStatus.Snapshot now) {
    return now.lagSeconds() == null ? Double.NaN : now.lagSeconds();
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

  private void count(List<SourceTransaction> transactions) {
    for (SourceTransaction transaction : transactions) {
      transaction
          .changes()
          .counts()
          .forEach(
              (kind, count) ->
                  meters
                      .counter(
                          "freshet.sync.changes",
                          tags.and("table", kind.table().toString(), "op", kind.operation()))
                      .increment(count));
    }
  }
}
