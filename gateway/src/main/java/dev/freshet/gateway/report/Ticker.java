package dev.freshet.gateway.report;

import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.report.History.Series;
import dev.freshet.gateway.report.StatusReport.Status;
import dev.freshet.gateway.routing.Intent;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;

/**
 * Looks at everything once a second, whoever watches: so the past is there when somebody comes, and
 * all who watch see one and the same.
 */
public final class Ticker implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Ticker.class);

  /** As its jar's manifest has it. */
  private static final String VERSION =
      Objects.requireNonNullElse(Ticker.class.getPackage().getImplementationVersion(), "");

  private static final Duration EVERY = Duration.ofSeconds(1);

  /** What can take the whole of a second: asking for rows makes the read database count. */
  private static final Duration KEPT_EVERY = Duration.ofSeconds(5);

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final StatusReport status;
  private final TrafficReport traffic;
  private final Syncs syncs;
  private final LiveRoutes live;
  private final Runnable onLook;
  private final Runnable onWatched;
  private final Scheduler scheduler;
  private final Clock clock;
  private final FlowReport flow = new FlowReport(System::nanoTime);
  private final History history = new History();
  private final Sinks.Many<Look> looks = Sinks.many().replay().latest();

  private Syncs.Kept kept = new Syncs.Kept(List.of(), List.of());
  private long keptNanos = System.nanoTime() - KEPT_EVERY.toNanos();
  private boolean hasFailed;
  private @Nullable Disposable ticking;

  /**
   * Prepares to look.
   *
   * @param onLook called before each look
   * @param onWatched called after each look that somebody watches
   * @param scheduler what is seen is put together there
   */
  public Ticker(
      StatusReport status,
      TrafficReport traffic,
      Syncs syncs,
      LiveRoutes live,
      Runnable onLook,
      Runnable onWatched,
      Scheduler scheduler,
      Clock clock) {
    this.status = status;
    this.traffic = traffic;
    this.syncs = syncs;
    this.live = live;
    this.onLook = onLook;
    this.onWatched = onWatched;
    this.scheduler = scheduler;
    this.clock = clock;
  }

  /**
   * What was seen.
   *
   * @param version of the gateway; empty when it is not packaged
   * @param freshSeconds the objective: reads are no older than this
   * @param at when, in ISO 8601
   * @param lags what the history gained: seconds, by figure
   */
  public record Look(
      String version,
      double freshSeconds,
      String at,
      Status status,
      Traffic traffic,
      Flow flow,
      List<Lag> lags) {}

  /** A figure of the history, in seconds. */
  public record Lag(String kind, String name, double seconds) {}

  /** Looks from now on. */
  public void start() {
    ticking =
        Flux.interval(Duration.ZERO, EVERY)
            .onBackpressureDrop()
            .concatMap(
                tick ->
                    Mono.defer(this::look)
                        .timeout(PATIENCE)
                        .doOnNext(this::tell)
                        .onErrorResume(this::failed),
                1)
            .subscribe();
  }

  private void tell(Look look) {
    hasFailed = false;
    looks.tryEmitNext(look);
    if (looks.currentSubscriberCount() > 0) {
      onWatched.run();
    }
  }

  private Mono<Look> failed(Throwable failure) {
    if (!hasFailed) {
      hasFailed = true;
      log.warn(
          "The gateway could not collect its status. Until it can, the console is not updated and the lag charts have a gap. It retries every second.",
          failure);
    }
    return Mono.empty();
  }

  /** The last look, and every one from now on; those that take too long miss some. */
  public Flux<Look> looks() {
    return looks.asFlux().onBackpressureLatest();
  }

  /** How figures were lately. */
  public Mono<Object> history(Duration length) {
    return Mono.<Object>fromCallable(() -> history.last(length)).subscribeOn(scheduler);
  }

  /** The flow at the last look; empty before the first. */
  public Mono<Look> last() {
    return looks.asFlux().next().timeout(PATIENCE, Mono.empty());
  }

  private Mono<Look> look() {
    onLook.run();
    // What is done with the answers takes a while, and the event loops serve clients.
    Mono<Status> told =
        syncs.ask().flatMap(asked -> kept(asked).flatMap(kept -> status.of(asked, kept)));
    return Mono.zip(told, traffic.now())
        .publishOn(scheduler)
        .map(both -> seen(both.getT1(), both.getT2()));
  }

  private Mono<Syncs.Kept> kept(List<Syncs.Asked> asked) {
    long now = System.nanoTime();
    if (now - keptNanos < KEPT_EVERY.toNanos()) {
      return Mono.just(kept);
    }
    keptNanos = now;
    return syncs.kept(asked).doOnNext(told -> kept = told);
  }

  private Look seen(Status status, Traffic traffic) {
    Instant at = clock.instant();
    Map<Series, Double> lags = lags(status);
    history.add(at, lags);
    List<Lag> told = new ArrayList<>();
    lags.forEach((series, lag) -> told.add(new Lag(series.kind(), series.name(), lag)));
    return new Look(
        VERSION,
        Diagnosis.FRESH_SECONDS,
        at.toString(),
        status,
        traffic,
        flow.of(new FlowReport.Moment(status, traffic, writers())),
        told);
  }

  private Set<String> writers() {
    return live.serving(Intent.WRITE).stream().map(Instance::toString).collect(Collectors.toSet());
  }

  private static Map<Series, Double> lags(Status status) {
    Map<Series, Double> lags = new LinkedHashMap<>();
    for (InstanceStatus instance : status.instances()) {
      if (instance.lagSeconds() != null && !instance.kind().equals("primary")) {
        lags.put(new Series("instance", instance.id()), instance.lagSeconds());
      }
    }
    for (JsonNode sync : status.sync()) {
      if (Syncs.isStandby(sync)) {
        continue;
      }
      String name = Syncs.name(sync);
      Syncs.figure(sync, "lagSeconds").ifPresent(lag -> lags.put(new Series("sync", name), lag));
      Syncs.figure(sync, "readableP50Seconds")
          .ifPresent(p50 -> lags.put(new Series("readable-p50", name), p50));
      Syncs.figure(sync, "readableP99Seconds")
          .ifPresent(p99 -> lags.put(new Series("readable-p99", name), p99));
    }
    for (JsonNode model : status.models()) {
      String name = model.path("name").asString("?");
      Syncs.figure(model, "freshnessSeconds")
          .ifPresent(lag -> lags.merge(new Series("model", name), lag, Math::max));
    }
    return lags;
  }

  @Override
  public void close() {
    if (ticking != null) {
      ticking.dispose();
    }
    looks.tryEmitComplete();
  }
}
