package dev.freshet.sync.status;

import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.status.Observation.State;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

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
  private final KnownGauges gauges;
  private Map<String, Long> letters = Map.of();
  private Set<String> models = Set.of();

  /**
   * Registers them.
   *
   * @param followsLog whether it follows a log on a broker, instead of a slot
   */
  public SyncMetrics(
      MeterRegistry meters,
      SyncStatus status,
      String readDatabase,
      String slot,
      boolean followsLog) {
    this.meters = meters;
    this.status = status;
    this.gauges = new KnownGauges(meters, status);
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
    gauges.add("freshet.sync.active", tags, s -> s.state() == State.STREAMING ? 1 : 0);
    gauges.add("freshet.sync.lag.seconds", tags, SyncStatus.Snapshot::lagSeconds);
    gauges.add("freshet.sync.lag.bytes", tags, SyncStatus.Snapshot::lagBytes);
    gauges.add("freshet.sync.copy.rows", tags, s -> KnownGauges.of(s.progress(), Progress::rows));
    gauges.add(
        "freshet.sync.copy.rows.per.second",
        tags,
        s -> KnownGauges.of(s.progress(), Progress::rate));
    gauges.add(
        "freshet.sync.copy.seconds.left",
        tags,
        s -> KnownGauges.of(s.progress(), Progress::secondsLeft));
    if (followsLog) {
      gauges.add("freshet.log.behind.bytes", tags, SyncStatus.Snapshot::lagBytes);
    }
    Tags slotTags = tags.and("slot", slot);
    gauges.add(
        "freshet.slot.retained.bytes",
        slotTags,
        s -> KnownGauges.of(s.claim(), Claim::retainedBytes));
    gauges.add(
        "freshet.slot.safe.bytes", slotTags, s -> KnownGauges.of(s.claim(), Claim::safeBytes));
    gauges.add(
        "freshet.slot.lost",
        slotTags,
        s -> KnownGauges.of(s.claim(), claim -> claim.lost() ? 1 : 0));
    gauges.showKnown();
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
      gauges.showKnown();
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
