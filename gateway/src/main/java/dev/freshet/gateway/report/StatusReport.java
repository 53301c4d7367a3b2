package dev.freshet.gateway.report;

import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.protocol.Position;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** The body of {@code GET /api/status}: how everything is, worst problem first. */
public final class StatusReport {

  private final LiveRoutes live;
  private final Syncs syncs;
  private final UnusableCommands commands;
  private final Diagnosis diagnosis;

  /**
   * Reports.
   *
   * @param commands that can't be given
   * @param meters of the gateway's requests
   * @param readObjective within which the answers of reads should begin
   */
  public StatusReport(
      LiveRoutes live,
      RoutesLoader loader,
      Syncs syncs,
      UnusableCommands commands,
      MeterRegistry meters,
      Duration readObjective) {
    this.live = live;
    this.syncs = syncs;
    this.commands = commands;
    this.diagnosis = new Diagnosis(live, loader, new Availability(meters, readObjective));
  }

  /**
   * How everything is.
   *
   * @param generation of the routes; null before the first
   * @param primary how far the primary was when it was last heard of; null while that is unknown
   * @param sync as each sync tells it
   * @param publish as each publisher tells it
   * @param models as the syncs tell them, each with its read database
   * @param stores that follow a read database, likewise
   * @param commands those that can't be given, as write-backends tell them
   */
  public record Status(
      Verdict verdict,
      @Nullable Integer generation,
      @Nullable String primary,
      List<InstanceStatus> instances,
      List<JsonNode> sync,
      List<JsonNode> publish,
      List<JsonNode> models,
      List<JsonNode> stores,
      List<JsonNode> commands) {}

  /** Asks the syncs, and puts everything together. */
  public Mono<Status> now() {
    return syncs.ask().flatMap(asked -> syncs.kept(asked).flatMap(kept -> of(asked, kept)));
  }

  /**
   * Puts together what the syncs have told, the publishers, and the write-backends.
   *
   * @param kept may have been asked for before
   */
  Mono<Status> of(List<Syncs.Asked> asked, Syncs.Kept kept) {
    return Mono.zip(commands.ask(), syncs.publishers())
        .map(both -> of(asked, kept, both.getT1(), both.getT2()));
  }

  private Status of(
      List<Syncs.Asked> asked,
      Syncs.Kept kept,
      List<JsonNode> unusable,
      List<JsonNode> publishers) {
    List<JsonNode> states = asked.stream().map(Syncs.Asked::state).toList();
    List<JsonNode> models = kept.models().stream().map(model -> ofNow(model, states)).toList();
    Optional<Position> primary = live.primary();
    List<InstanceStatus> instances =
        live.instances().stream().map(instance -> InstanceStatus.of(instance, primary)).toList();
    return new Status(
        diagnosis.of(instances, states, publishers, kept, unusable),
        live.current().map(now -> now.edition().generation()).orElse(null),
        primary.map(Position::toString).orElse(null),
        instances,
        states,
        publishers,
        models,
        kept.stores(),
        unusable);
  }

  /** Models may have been asked for a while ago; one that is live is as fresh as its sync is. */
  private static JsonNode ofNow(JsonNode model, List<JsonNode> syncs) {
    ObjectNode now = (ObjectNode) model.deepCopy();
    boolean isLive = model.path("state").asString("").equals("live");
    now.set(
        "freshnessSeconds",
        syncs.stream()
            .filter(sync -> isLive && !Syncs.isStandby(sync))
            .filter(sync -> sync.path("readDatabase").equals(model.path("readDatabase")))
            .map(sync -> sync.path("lagSeconds"))
            .filter(JsonNode::isNumber)
            .findFirst()
            .orElse(NullNode.getInstance()));
    return now;
  }
}
