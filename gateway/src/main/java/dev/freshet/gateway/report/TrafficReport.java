package dev.freshet.gateway.report;

import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.pool.CommandsClient;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.report.Traffic.Answered;
import dev.freshet.gateway.report.Traffic.Counted;
import dev.freshet.gateway.report.Traffic.OfInstance;
import dev.freshet.gateway.report.Traffic.Rate;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.RecentMeters;
import dev.freshet.runtime.RecentMeters.Recent;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;

/** The body of {@code GET /api/traffic}, by the meters that Prometheus scrapes. */
public final class TrafficReport {

  private static final Duration WINDOW = Duration.ofSeconds(10);

  /** Stands for no instance: the gateway answered itself. */
  static final String NOBODY = "none";

  private final RecentMeters byIntent;
  private final RecentMeters byInstance;
  private final RecentMeters byStatus;
  private final RecentMeters answered;
  private final RecentMeters waits;
  private final RecentMeters staleness;
  private final RecentMeters fallbacks;
  private final RecentMeters refusedTokens;
  private final LiveRoutes live;
  private final Scheduler scheduler;
  private final CommandsClient commands;

  /**
   * Reports of a gateway's meters.
   *
   * @param scheduler meters are summed up there: of many routes there are many
   */
  public TrafficReport(
      MeterRegistry meters, LiveRoutes live, CommandsClient commands, Scheduler scheduler) {
    this.byIntent = recent(meters, "freshet.requests", "intent");
    this.byInstance = recent(meters, "freshet.requests", "backend");
    this.byStatus =
        RecentMeters.ofRates(meters, "freshet.requests", List.of("backend", "status"), WINDOW);
    this.answered = recent(meters, "freshet.reads", "kind", "reason");
    this.waits = recent(meters, "freshet.read.wait");
    this.staleness = recent(meters, "freshet.read.staleness");
    this.fallbacks = recent(meters, "freshet.fallbacks", "reason");
    this.refusedTokens = recent(meters, "freshet.tokens.refused", "reason");
    this.live = live;
    this.scheduler = scheduler;
    this.commands = commands;
  }

  private static RecentMeters recent(MeterRegistry meters, String name, String... labels) {
    return new RecentMeters(meters, name, List.of(labels), WINDOW);
  }

  /** What went through lately; write-backends are asked for their commands. */
  public Mono<Traffic> now() {
    return commands().publishOn(scheduler).map(this::of);
  }

  /**
   * What one write-backend told.
   *
   * @param commands null when it did not tell
   */
  private record WriterCommands(String instance, @Nullable List<JsonNode> commands) {}

  private Mono<List<WriterCommands>> commands() {
    return Flux.fromIterable(live.instances())
        .filter(TrafficReport::mayTellCommands)
        .flatMapSequential(this::ask)
        .collectList();
  }

  private Mono<WriterCommands> ask(Instance instance) {
    String id = instance.spec().id();
    return commands
        .ask(instance)
        .map(all -> new WriterCommands(id, all))
        .onErrorReturn(new WriterCommands(id, null));
  }

  static boolean mayTellCommands(Instance instance) {
    return instance.spec().kind() == SourceKind.PRIMARY
        && Boolean.TRUE.equals(instance.health().speaksFreshet())
        && instance.health().state() == Instance.State.READY;
  }

  private Traffic of(List<WriterCommands> told) {
    Optional<List<Recent>> intents = byIntent.now();
    return new Traffic(
        WINDOW.toSeconds(),
        only(intents, "read"),
        only(intents, "write"),
        instances(),
        answered.now().orElse(List.of()).stream()
            .map(one -> new Answered(one.labels().get(0), one.labels().get(1), one.perSecond()))
            .toList(),
        sum(waits),
        sum(staleness),
        Counted.of(fallbacks.now()),
        Counted.of(refusedTokens.now()),
        told.stream()
            .flatMap(one -> one.commands() == null ? Stream.empty() : one.commands().stream())
            .toList(),
        told.stream().filter(one -> one.commands() == null).map(WriterCommands::instance).toList());
  }

  private static Rate only(Optional<List<Recent>> recent, String label) {
    return recent
        .map(
            all ->
                all.stream()
                    .filter(one -> one.labels().getFirst().equals(label))
                    .findFirst()
                    .map(Rate::of)
                    .orElse(Rate.NEVER))
        .orElse(Rate.UNKNOWN);
  }

  private static Rate sum(RecentMeters meters) {
    return meters
        .now()
        .map(all -> all.stream().findFirst().map(Rate::of).orElse(Rate.NEVER))
        .orElse(Rate.UNKNOWN);
  }

  private List<OfInstance> instances() {
    Map<String, Double> failed = new HashMap<>();
    byStatus.now().orElse(List.of()).stream()
        .filter(one -> one.labels().get(1).startsWith("5"))
        .forEach(one -> failed.merge(one.labels().getFirst(), one.perSecond(), Double::sum));
    return byInstance.now().orElse(List.of()).stream()
        .filter(one -> !one.labels().getFirst().equals(NOBODY))
        .map(
            one ->
                new OfInstance(
                    one.labels().getFirst(),
                    one.perSecond(),
                    failed.getOrDefault(one.labels().getFirst(), 0.0),
                    one.p50Seconds(),
                    one.p99Seconds()))
        .toList();
  }
}
