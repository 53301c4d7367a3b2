package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.forward.Hedge;
import dev.freshet.gateway.forward.Mirror;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.protocol.Position;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The metrics of the public contract. */
final class GatewayMetrics implements Consumer<Observation> {

  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * The objective is that reads are no older than this; alerts go by the bucket that ends there.
   */
  private static final Duration FRESH = Duration.ofSeconds(1);

  private static final Duration LONGEST = Duration.ofHours(1);

  private final MeterRegistry meters;
  private final Timer staleness;
  private final Timer waits;

  /** Looking a meter up in the registry costs more than all the rest. */
  private final Map<Labels, Timer> requests = new ConcurrentHashMap<>();

  private final Map<String, Counter> reads = new ConcurrentHashMap<>();

  private final Duration readObjective;
  private final Counter slowReads;

  private volatile Set<String> knownRoutes = Set.of();
  private volatile Set<String> knownBackends = Set.of();
  private final GaugeRows up;
  private final GaugeRows lag;
  private final GaugeRows lagBytes;
  private final GaugeRows limit;
  private final GaugeRows usable;
  private final GaugeRows healthy;
  private final GaugeRows meant;
  private final GaugeRows panic;
  private final GaugeRows drained;
  private final GaugeRows stuck;
  private final AtomicInteger generation = new AtomicInteger();
  private final AtomicInteger reloadFailed = new AtomicInteger();

  /**
   * Registers the metrics.
   *
   * @param readObjective within which the answers of reads should begin
   */
  GatewayMetrics(MeterRegistry meters, Duration readObjective) {
    this.meters = meters;
    this.readObjective = readObjective;
    this.slowReads =
        Counter.builder("freshet.reads.slow")
            .description("Reads whose answer began later than the objective")
            .register(meters);
    this.staleness =
        Timer.builder("freshet.read.staleness")
            .description("How far behind the copies that answered were said to be")
            .publishPercentileHistogram()
            .serviceLevelObjectives(FRESH)
            .maximumExpectedValue(LONGEST)
            .register(meters);
    this.waits =
        Timer.builder("freshet.read.wait")
            .description("How long reads waited for a copy to get where their clients are")
            .publishPercentileHistogram()
            .register(meters);
    this.up =
        ofBackends("freshet.backend.up", "1 while it gets requests, or would if there were some");
    this.lag = ofBackends("freshet.replica.lag.seconds", "How far behind the primary a copy is");
    this.lagBytes =
        ofBackends(
            "freshet.replica.lag.bytes",
            "How much log the primary has beyond what a copy has applied");
    this.limit = ofBackends("freshet.backend.limit", "How many requests it gets at a time");
    this.drained =
        ofBackends("freshet.backend.drained", "1 while an operator has taken it out of use");
    this.stuck =
        ofBackends(
            "freshet.backend.stuck", "1 while a copy stands still though the primary goes on");
    this.healthy =
        ofPools("freshet.pool.healthy", "Instances of a pool whose checks and requests succeed");
    this.usable =
        ofPools("freshet.pool.usable", "How many instances of a pool that routes use get requests");
    this.meant =
        ofPools(
            "freshet.pool.instances",
            "How many instances a pool that routes use has, without drained ones");
    this.panic =
        ofPools(
            "freshet.pool.panic",
            "1 while so few instances are healthy that all of a pool are asked");
    Gauge.builder("freshet.routes.generation", generation, AtomicInteger::get).register(meters);
    Gauge.builder("freshet.routes.reload.failed", reloadFailed, AtomicInteger::get)
        .description("1 while routes.yaml is not what is in force, because it can't be used")
        .register(meters);
  }

  private GaugeRows ofBackends(String name, String description) {
    return new GaugeRows(meters, name, description, "backend");
  }

  private GaugeRows ofPools(String name, String description) {
    return new GaugeRows(meters, name, description, "pool");
  }

  /** The labels of requests; as many as routes, intents, instances and statuses make. */
  private record Labels(String route, Intent intent, String backend, int status) {

    static Labels of(Observation.Finished finished) {
      return new Labels(finished.route(), finished.intent(), finished.backend(), finished.status());
    }
  }

  /** Null for what is gone: a request that began before may end after. */
  private @Nullable Timer timer(Labels labels) {
    if (isGone(labels.route(), knownRoutes) || isGone(labels.backend(), knownBackends)) {
      return null;
    }
    return Timer.builder("freshet.requests")
        .publishPercentileHistogram()
        .tag("route", labels.route())
        .tag("intent", labels.intent().text())
        .tag("backend", labels.backend())
        .tag("status", Integer.toString(labels.status()))
        .register(meters);
  }

  /** Removes meters of routes and instances that are gone; else each reload would add some. */
  private void forgetOthersThan(Set<String> routes, List<Instance> instances) {
    knownRoutes = routes;
    knownBackends =
        instances.stream()
            .map(instance -> instance.spec().id())
            .collect(Collectors.toUnmodifiableSet());
    requests
        .entrySet()
        .removeIf(
            known -> {
              Labels labels = known.getKey();
              boolean isGone =
                  isGone(labels.route(), knownRoutes) || isGone(labels.backend(), knownBackends);
              if (isGone) {
                meters.remove(known.getValue());
              }
              return isGone;
            });
  }

  private static boolean isGone(String name, Set<String> known) {
    return !known.contains(name) && !name.equals(Observation.NONE);
  }

  /** Instances of one name in several pools are one row. */
  private static void watch(
      GaugeRows gauge, List<Instance> instances, ToDoubleFunction<Instance> value) {
    Map<String, DoubleSupplier> rows = new HashMap<>();
    for (Instance instance : instances) {
      rows.put(instance.spec().id(), () -> value.applyAsDouble(instance));
    }
    gauge.show(rows);
  }

  private static double up(Instance instance) {
    return switch (instance.condition()) {
      case READY, SLOW_START, SUSPECT, STUCK -> 1;
      case STARTING, EJECTED, DRAINING, DRAINED, NOT_READY, DOWN -> 0;
    };
  }

  /** Of those whose lag is known; what is not known is not there. */
  private void showLags(List<Instance> instances, Optional<Position> primary) {
    Map<String, DoubleSupplier> seconds = new HashMap<>();
    Map<String, DoubleSupplier> bytes = new HashMap<>();
    for (Instance instance : instances) {
      Double behind = instance.lagSeconds();
      if (behind != null) {
        seconds.put(instance.spec().id(), () -> behind);
      }
      instance.lagBytes(primary).ifPresent(log -> bytes.put(instance.spec().id(), () -> log));
    }
    lag.show(seconds);
    lagBytes.show(bytes);
  }

  private void showPools(Map<String, Pool> pools) {
    show(usable, pools, pool -> pool.instances().stream().filter(pool::asks).count());
    show(healthy, pools, pool -> pool.meant().stream().filter(Instance::isHealthy).count());
    show(meant, pools, pool -> pool.meant().size());
    show(panic, pools, pool -> pool.isInPanic() ? 1 : 0);
  }

  private static void show(GaugeRows gauge, Map<String, Pool> pools, ToLongFunction<Pool> figure) {
    Map<String, DoubleSupplier> rows = new HashMap<>();
    pools.forEach(
        (name, pool) -> {
          long now = figure.applyAsLong(pool);
          rows.put(name, () -> now);
        });
    gauge.show(rows);
  }

  private Counter ofRoute(String name, String route, Enum<?> outcome) {
    return meters.counter(name, "route", route, "outcome", outcome.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public void accept(Observation observation) {
    switch (observation) {
      case Observation.Finished finished -> {
        Timer timer = requests.computeIfAbsent(Labels.of(finished), this::timer);
        if (timer != null) {
          timer.record(finished.took());
        }
      }
      case Observation.AnswerBegan(Intent intent, Duration took) -> {
        if (intent == Intent.READ && took.compareTo(readObjective) > 0) {
          slowReads.increment();
        }
      }
      case Observation.ReadAnswered read -> {
        reads
            .computeIfAbsent(
                read.kind() + " " + read.reason().text(),
                ignored ->
                    meters.counter(
                        "freshet.reads", "kind", read.kind(), "reason", read.reason().text()))
            .increment();
        if (!read.waited().isZero()) {
          waits.record(read.waited());
        }
        if (read.reason() == Candidate.Reason.FALLBACK) {
          meters.counter("freshet.fallbacks", "reason", "not-caught-up").increment();
        }
        if (read.lagSeconds() != null) {
          staleness.record(Duration.ofNanos(Math.round(read.lagSeconds() * NANOS_PER_SECOND)));
        }
      }
      case Observation.RoutesInForce(int now, Set<String> routes, List<Instance> instances) -> {
        forgetOthersThan(routes, instances);
        generation.set(now);
        reloadFailed.set(0);
        watch(up, instances, GatewayMetrics::up);
        watch(drained, instances, instance -> instance.isDrained() ? 1 : 0);
        watch(stuck, instances, instance -> instance.isStuck() ? 1 : 0);
        showLags(instances, Optional.empty()); // bytes come with the next look
        watch(
            limit,
            instances.stream().filter(instance -> instance.slots().most().isPresent()).toList(),
            instance -> instance.slots().most().orElseThrow());
      }
      case Observation.InstancesSeen(
              List<Instance> instances,
              Map<String, Pool> pools,
              Optional<Position> primary) -> {
        showLags(instances, primary);
        showPools(pools);
      }
      case Observation.RoutesRefused() -> reloadFailed.set(1);
      case Observation.FellBack fallback ->
          meters.counter("freshet.fallbacks", "reason", fallback.reason()).increment();
      case Observation.Hedged(String route, Hedge.Outcome outcome) ->
          ofRoute("freshet.hedged", route, outcome).increment();
      case Observation.Mirrored(String route, Mirror.Outcome outcome) ->
          ofRoute("freshet.mirrored", route, outcome).increment();
      case Observation.TokenRefused token ->
          meters.counter("freshet.tokens.refused", "reason", token.flaw().text()).increment();
    }
  }
}
