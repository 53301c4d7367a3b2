package dev.freshet.sync.follow;

import dev.freshet.sync.search.Rejections;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a follower is, for its endpoint and as metrics. */
public final class FollowerStatus implements FollowerObserver, Rejections {

  private static final Logger log = LoggerFactory.getLogger(FollowerStatus.class);

  private final String store;
  private final MeterRegistry meters;
  private final Clock clock;
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private final AtomicLong rejected = new AtomicLong();
  private final Timer batches;
  private volatile FollowerState told;

  FollowerStatus(String store, MeterRegistry meters, Clock clock) {
    this.store = store;
    this.meters = meters;
    this.clock = clock;
    Instant now = clock.instant();
    this.told =
        new FollowerState(
            FollowerState.Phase.STARTING, "", now, null, Double.NaN, now, 0, Map.of());
    this.batches =
        Timer.builder("freshet.store.batch")
            .description("From the beginning of a batch until it is searchable")
            .tags("store", store)
            .publishPercentileHistogram()
            .register(meters);
    Gauge.builder("freshet.store.pending.keys", this, status -> status.state().pendingKeys())
        .description("Rows that changed and that the store does not have yet")
        .tags("store", store)
        .register(meters);
    Gauge.builder(
            "freshet.store.following",
            this,
            status -> status.state().phase() == FollowerState.Phase.FOLLOWING ? 1 : 0)
        .description("1 while this process keeps the store in step")
        .tags("store", store)
        .register(meters);
  }

  @Override
  public void became(FollowerState state) {
    told = state;
    for (String model : state.models().keySet()) {
      if (known.add(model)) {
        Gauge.builder("freshet.store.lag.seconds", this, status -> status.lagSeconds(model))
            .description("How old the newest transaction is that can be searched for")
            .tags(Tags.of("store", store, "model", model))
            .register(meters);
      }
    }
  }

  @Override
  public void wrote(Duration took) {
    batches.record(took);
  }

  @Override
  public void rejected(String model, List<? extends @Nullable String> key, String reason) {
    rejected.incrementAndGet();
    meters.counter("freshet.store.rejected", "store", store, "reason", "document").increment();
    log.warn("The store does not take a row of model {}: {}", model, reason);
  }

  /** How it is. */
  public FollowerState state() {
    return told;
  }

  /** How many rows the store did not take. */
  long rejections() {
    return rejected.get();
  }

  /** How far a model is behind in the store; NaN where readers do not get it from there. */
  double lagSeconds(String model) {
    FollowerState.Model of = told.models().get(model);
    return of == null || of.stage() != FollowerState.Stage.SERVED ? Double.NaN : lagSeconds();
  }

  /** The same of the store. */
  double lagSeconds() {
    return told.lagSeconds(clock.instant());
  }
}
