package dev.freshet.gateway.pool;

import dev.freshet.gateway.system.Primaries;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.source.FreshnessGate;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Asks the primary where it is: its database, where that is given, else a backend that stands on
 * it.
 */
public final class PrimaryPositions implements Primaries {

  /** The primary's database as a source of reports; ids of instances have no spaces. */
  private static final String DATABASE = "the primary's database";

  private final Supplier<Optional<FreshnessGate>> primary;
  private final Supplier<List<Instance>> instances;
  private final PositionClient client;

  /**
   * Prepares to ask.
   *
   * @param primary the primary's database; empty when only backends can be asked
   * @param instances those in use
   */
  public PrimaryPositions(
      Supplier<Optional<FreshnessGate>> primary,
      Supplier<List<Instance>> instances,
      PositionClient client) {
    this.primary = primary;
    this.instances = instances;
    this.client = client;
  }

  /** Asks now for reports that tell a position. */
  @Override
  public Flux<Answer> ask() {
    return primary
        .get()
        .map(
            database ->
                Flux.concat(
                    database
                        .report()
                        .filter(PrimaryPositions::tellsPosition)
                        .map(report -> new Answer(DATABASE, report)),
                    Flux.defer(this::askBackends)))
        .orElseGet(this::askBackends);
  }

  @Override
  public boolean arePositionsTold() {
    return primary.get().isPresent()
        || instances.get().stream().anyMatch(Instance::isToTellPosition);
  }

  private Flux<Answer> askBackends() {
    return Flux.fromIterable(instances.get())
        .filter(instance -> instance.spec().kind() == SourceKind.PRIMARY)
        .filter(instance -> instance.isEligible() && instance.tellsPosition())
        .concatMap(this::ask, 1);
  }

  private Mono<Answer> ask(Instance instance) {
    return instance
        .database()
        .map(FreshnessGate::report)
        .orElseGet(
            () ->
                client
                    .ask(instance)
                    .flatMap(answer -> Mono.justOrEmpty(report(answer)))
                    .onErrorResume(failure -> Mono.empty()))
        .filter(PrimaryPositions::tellsPosition)
        .map(report -> new Answer(instance.spec().id(), report));
  }

  private static Optional<PositionReport> report(PositionClient.Answer answer) {
    return answer instanceof PositionClient.Answer.Reported(PositionReport report)
        ? Optional.of(report)
        : Optional.empty();
  }

  private static boolean tellsPosition(PositionReport report) {
    return report.ready() && report.position() != null;
  }
}
