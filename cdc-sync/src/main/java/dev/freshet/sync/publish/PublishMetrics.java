package dev.freshet.sync.publish;

import dev.freshet.sync.source.Claim;
import dev.freshet.sync.status.KnownGauges;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.Observation.State;
import dev.freshet.sync.status.SyncStatus;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Map;
import java.util.function.Consumer;

/** The metrics of a publisher. */
final class PublishMetrics implements Consumer<Observation> {

  private final MeterRegistry meters;
  private final Counter transactions;
  private final KnownGauges gauges;

  PublishMetrics(MeterRegistry meters, SyncStatus status, LogAge age, String name, String slot) {
    this.meters = meters;
    this.gauges = new KnownGauges(meters, status);
    Tags tags = Tags.of("log", name);
    this.transactions =
        Counter.builder("freshet.publish.transactions")
            .description("Transactions of the source that were written to the log")
            .tags(tags)
            .register(meters);
    gauges.add("freshet.publisher.active", tags, now -> now.state() == State.STREAMING ? 1 : 0);
    gauges.add("freshet.publish.lag.seconds", tags, SyncStatus.Snapshot::lagSeconds);
    gauges.add("freshet.log.oldest.seconds", tags, now -> age.seconds());
    Tags ofSlot = Tags.of("slot", slot);
    gauges.add(
        "freshet.slot.retained.bytes",
        ofSlot,
        now -> KnownGauges.of(now.claim(), Claim::retainedBytes));
    gauges.add(
        "freshet.slot.safe.bytes", ofSlot, now -> KnownGauges.of(now.claim(), Claim::safeBytes));
    gauges.add(
        "freshet.slot.lost",
        ofSlot,
        now -> KnownGauges.of(now.claim(), claim -> claim.lost() ? 1 : 0));
    gauges.showKnown();
  }

  /** Records were written, so many to each topic. */
  void written(Map<String, Long> records) {
    records.forEach(
        (topic, count) -> meters.counter("freshet.topic.records", "topic", topic).increment(count));
  }

  @Override
  public synchronized void accept(Observation observation) {
    if (observation instanceof Observation.Applied applied) {
      transactions.increment(applied.transactions().size());
    } else {
      gauges.showKnown();
    }
  }
}
