package dev.freshet.gateway.report;

import dev.freshet.gateway.access.TokenCheck;
import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.report.Verdict.Finding;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Finds out what is wrong, of what is known at one moment. */
final class Diagnosis {

  /** The objective is that reads are no older than this. */
  static final double FRESH_SECONDS = 1;

  private static final int[] STEPS_SECONDS = {
    1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400
  };

  /** A slot that holds for less is about to be lost. */
  private static final long SHORT_SECONDS = Duration.ofHours(1).toSeconds();

  private final LiveRoutes live;
  private final RoutesLoader loader;
  private final Availability availability;

  Diagnosis(LiveRoutes live, RoutesLoader loader, Availability availability) {
    this.live = live;
    this.loader = loader;
    this.availability = availability;
  }

  Verdict of(
      List<InstanceStatus> instances,
      List<JsonNode> syncs,
      List<JsonNode> publishers,
      Syncs.Kept kept,
      List<JsonNode> commands) {
    List<Finding> findings = new ArrayList<>();
    addRoutes(findings);
    addPools(findings);
    findings.addAll(availability.now());
    addInstances(findings, instances);
    publishers.stream()
        .filter(publisher -> !isStandIn(publisher, publishers, syncs))
        .forEach(publisher -> addPublisher(findings, publisher));
    syncs.forEach(sync -> addSync(findings, sync));
    kept.models().forEach(model -> addModel(findings, model));
    kept.stores().forEach(store -> addStore(findings, store, kept.models()));
    Set<String> faulty =
        kept.models().stream()
            .filter(model -> model.path("state").asString("").equals("faulty"))
            .map(model -> model.path("readDatabase").asString(""))
            .collect(Collectors.toSet());
    syncs.stream()
        .filter(sync -> !faulty.contains(Syncs.name(sync)))
        .forEach(sync -> addDeadLetters(findings, sync));
    commands.forEach(command -> addCommand(findings, command));
    return Verdict.of(findings, allIsWell());
  }

  private static void addCommand(List<Finding> findings, JsonNode command) {
    JsonNode problem = command.path("problems").path(0);
    boolean isRefused = command.path("state").asString("").equals("refused");
    findings.add(
        new Finding(
            isRefused ? Trouble.COMMAND_REFUSED : Trouble.COMMAND_NOT_READY,
            "%s.sql of %s %s. First problem: line %d, column %d: %s"
                .formatted(
                    command.path("name").asString(""),
                    command.path("instance").asString(""),
                    isRefused
                        ? "can't be used; what was in force stays"
                        : "is not what the database can answer, and its requests get 503",
                    problem.path("line").asInt(1),
                    problem.path("column").asInt(1),
                    problem.path("message").asString(""))));
  }

  private void addRoutes(List<Finding> findings) {
    loader
        .refused()
        .ifPresent(
            refused ->
                findings.add(
                    new Finding(
                        Trouble.ROUTES_REFUSED,
                        "routes.yaml has changed and can't be used; the previous routes stay in force. First problem: "
                            + refused.problems().getFirst())));
    live.current()
        .flatMap(Generation::tokens)
        .flatMap(TokenCheck::trouble)
        .ifPresent(
            trouble ->
                findings.add(
                    new Finding(
                        Trouble.TOKENS_UNCHECKED,
                        "Tokens are not checked as they should be: " + trouble)));
    writersThatNobodyPlaces()
        .forEach(
            writer ->
                findings.add(
                    new Finding(
                        Trouble.WRITES_UNPLACED,
                        "Writes through %s succeed but are answered 504: the gateway does not learn the primary's position after them"
                            .formatted(writer))));
  }

  private void addPools(List<Finding> findings) {
    Set<String> used = live.usedPools().keySet();
    live.current().map(Generation::pools).stream()
        .flatMap(pools -> pools.byName().entrySet().stream())
        .filter(pool -> !pool.getValue().instances().isEmpty())
        .forEach(
            pool -> {
              if (pool.getValue().meant().isEmpty()) {
                findings.add(
                    new Finding(
                        Trouble.POOL_DRAINED,
                        "All instances of pool %s are drained".formatted(pool.getKey())));
              } else if (used.contains(pool.getKey())) {
                addPool(findings, pool.getKey(), pool.getValue());
              }
            });
  }

  private static void addPool(List<Finding> findings, String name, Pool pool) {
    List<Instance> asked = pool.meant().stream().filter(pool::asks).toList();
    if (asked.isEmpty()) {
      findings.add(
          new Finding(
              Trouble.POOL_WITHOUT_INSTANCE,
              "No instance of pool %s can be used, and what needs one is answered 503"
                  .formatted(name)));
    } else if (asked.stream().anyMatch(one -> !one.isHealthy()) && pool.isInPanic()) {
      findings.add(
          new Finding(
              Trouble.POOL_IN_PANIC,
              "Fewer than %s of pool %s are healthy, and the others are asked, too"
                  .formatted(pool.panic(), name)));
    } else {
      addLastOne(findings, name, pool);
    }
  }

  /** Of several that are meant to be in use; those that an operator took out don't count. */
  private static void addLastOne(List<Finding> findings, String name, Pool pool) {
    List<Instance> healthy = pool.meant().stream().filter(Instance::isHealthy).toList();
    if (pool.meant().size() > 1 && healthy.size() == 1) {
      findings.add(
          new Finding(
              Trouble.POOL_ONE_LEFT,
              "Of the %d instances of pool %s only %s is left"
                  .formatted(pool.meant().size(), name, healthy.getFirst())));
    }
  }

  /** Pools that an operator has left with one instance of several. */
  private Stream<String> drainedToOne() {
    return live.usedPools().entrySet().stream()
        .filter(pool -> pool.getValue().instances().size() > 1)
        .filter(pool -> pool.getValue().meant().size() == 1)
        .map(pool -> "; pool %s has one instance left".formatted(pool.getKey()));
  }

  /** Instances without a position, while copies report theirs and no primary does. */
  private List<Instance> writersThatNobodyPlaces() {
    List<Instance> all = live.instances();
    boolean isPlaced =
        live.current().flatMap(Generation::primary).isPresent()
            || all.stream()
                .anyMatch(one -> one.spec().kind() == SourceKind.PRIMARY && one.isToTellPosition());
    boolean isNeeded = all.stream().anyMatch(Instance::isToTellPosition);
    if (isPlaced || !isNeeded) {
      return List.of();
    }
    return live.serving(Intent.WRITE).stream()
        .filter(writer -> Boolean.FALSE.equals(writer.health().speaksFreshet()))
        .toList();
  }

  private void addInstances(List<Finding> findings, List<InstanceStatus> instances) {
    Set<String> relied =
        live.usedPools().values().stream()
            .flatMap(pool -> pool.instances().stream())
            .map(instance -> instance.spec().id())
            .collect(Collectors.toSet());
    for (InstanceStatus instance : instances) {
      // On the answers of mirrors nobody depends, nor on one that was taken out of use.
      if (relied.contains(instance.id()) && !instance.isOut()) {
        addInstance(findings, instance);
      }
    }
  }

  private static void addInstance(List<Finding> findings, InstanceStatus instance) {
    Optional<Trouble> own = instance.trouble();
    own.ifPresent(
        trouble ->
            findings.add(
                new Finding(
                    trouble,
                    "%s is %s: %s".formatted(instance.id(), instance.state(), instance.reason()))));
    if (instance.replayPaused()) {
      findings.add(
          new Finding(
              Trouble.REPLAY_PAUSED,
              "Replay is paused on %s, so that what it has grows older".formatted(instance.id())));
    } else if (own.isEmpty()
        && instance.lagSeconds() != null
        && instance.lagSeconds() > FRESH_SECONDS) {
      findings.add(
          new Finding(
              Trouble.COPY_BEHIND,
              "%s is more than %d s behind".formatted(instance.id(), step(instance.lagSeconds()))));
    }
  }

  /** The highest step that a lag is beyond: a verdict that changes each second can't be read. */
  private static int step(double lagSeconds) {
    int beyond = STEPS_SECONDS[0];
    for (int step : STEPS_SECONDS) {
      beyond = lagSeconds >= step ? step : beyond;
    }
    return beyond;
  }

  private static void addSync(List<Finding> findings, JsonNode sync) {
    String of = Syncs.name(sync);
    String state = sync.path("state").asString("");
    Trouble trouble =
        switch (state) {
          case "streaming", "standby" -> null;
          case "unreachable" -> Trouble.SYNC_UNREACHABLE;
          case "stuck" -> Trouble.SYNC_STUCK;
          case "paused" -> Trouble.SYNC_PAUSED;
          case "refused" -> Trouble.SYNC_REFUSED;
          case "snapshot", "starting" -> Trouble.SYNC_COPYING;
          default -> Trouble.SYNC_INTERRUPTED;
        };
    if (trouble != null) {
      findings.add(
          new Finding(
              trouble,
              "The sync of %s is %s: %s".formatted(of, state, sync.path("reason").asString(""))));
    }
    addSlot(findings, of, sync);
  }

  /**
   * Whether a publisher that does not answer is not missed: another one publishes to its log. Of
   * one that has never answered the log is unknown; then somebody has to publish to each that is
   * followed. So an address may be that of a worker of Kafka Connect where no task runs now.
   */
  static boolean isStandIn(JsonNode publisher, List<JsonNode> publishers, List<JsonNode> syncs) {
    if (!publisher.path("state").asString("").equals("unreachable")) {
      return false;
    }
    Set<String> published =
        publishers.stream()
            .filter(other -> other.path("state").asString("").equals("streaming"))
            .map(Diagnosis::log)
            .collect(Collectors.toSet());
    String own = log(publisher);
    return own.isEmpty()
        ? !published.isEmpty()
            && syncs.stream()
                .map(Diagnosis::log)
                .allMatch(log -> log.isEmpty() || published.contains(log))
        : published.contains(own);
  }

  /** The log's name; others may reach it by other brokers. */
  private static String log(JsonNode part) {
    String address = part.path("log").asString("");
    return address.substring(address.lastIndexOf('/') + 1);
  }

  private static void addPublisher(List<Finding> findings, JsonNode publisher) {
    String of = publisher.path("log").asString(publisher.path("url").asString("?"));
    String state = publisher.path("state").asString("");
    Trouble trouble =
        switch (state) {
          case "streaming", "standby", "starting" -> null;
          case "unreachable" -> Trouble.PUBLISHER_UNREACHABLE;
          case "refused" -> Trouble.PUBLISHER_REFUSED;
          default -> Trouble.PUBLISHER_INTERRUPTED;
        };
    if (trouble != null) {
      findings.add(
          new Finding(
              trouble,
              "The publisher of %s is %s: %s"
                  .formatted(of, state, publisher.path("reason").asString(""))));
    }
    addSlot(findings, of, publisher);
  }

  private static void addSlot(List<Finding> findings, String of, JsonNode holder) {
    if (holder.path("slotLost").asBoolean(false)) {
      findings.add(
          new Finding(
              Trouble.SLOT_LOST, "The slot of %s has lost log that it needs".formatted(of)));
    } else if (holder.path("slotSafeSeconds").isNumber()
        && holder.path("slotSafeSeconds").asDouble() < SHORT_SECONDS) {
      findings.add(
          new Finding(
              Trouble.SLOT_SHORT,
              "The slot of %s holds for %d minutes more at the rate at which log is written"
                  .formatted(of, Math.round(holder.path("slotSafeSeconds").asDouble() / 60))));
    }
  }

  /** Models that they touch are faulty, and tell of them; a table may have none. */
  private static void addDeadLetters(List<Finding> findings, JsonNode sync) {
    long letters = sync.path("deadLetters").asLong(0);
    if (letters > 0) {
      findings.add(
          new Finding(
              Trouble.DEAD_LETTERS,
              "%d dead letters wait in %s".formatted(letters, Syncs.name(sync))));
    }
  }

  private static void addModel(List<Finding> findings, JsonNode model) {
    String state = model.path("state").asString("");
    Trouble trouble =
        switch (state) {
          case "stopped" -> Trouble.MODEL_STOPPED;
          case "faulty" -> Trouble.MODEL_FAULTY;
          default -> null;
        };
    if (trouble != null) {
      findings.add(
          new Finding(
              trouble,
              "Model %s is %s: %s"
                  .formatted(
                      model.path("name").asString("?"), state, model.path("reason").asString(""))));
    }
  }

  static void addStore(List<Finding> findings, JsonNode store, List<JsonNode> models) {
    String name = store.path("store").asString("?");
    String state = store.path("state").asString("");
    Trouble trouble =
        switch (state) {
          case "silent" -> Trouble.FOLLOWER_SILENT;
          case "retrying" -> Trouble.FOLLOWER_INTERRUPTED;
          default -> null;
        };
    if (trouble != null) {
      findings.add(
          new Finding(
              trouble,
              "The follower of store %s is %s: %s"
                  .formatted(name, state, store.path("reason").asString(""))));
    }
    if (!state.equals("following")) {
      return;
    }
    for (JsonNode model : store.path("models")) {
      String reason = model.path("reason").asString("");
      if (!reason.isEmpty() && isLive(model.path("model"), store, models)) {
        findings.add(
            new Finding(
                Trouble.STORE_LACKS_MODEL,
                (model.path("state").asString("").equals("served")
                        ? "Model %s is answered from store %s by the rows of before its rebuild: %s"
                        : "Model %s is not answered from store %s: %s")
                    .formatted(model.path("model").asString("?"), name, reason)));
      }
    }
  }

  /** Whether the read database serves a model; if it does not, that is the trouble. */
  private static boolean isLive(JsonNode name, JsonNode store, List<JsonNode> models) {
    return models.stream()
        .filter(model -> model.path("name").equals(name))
        .filter(model -> model.path("readDatabase").equals(store.path("readDatabase")))
        .anyMatch(model -> model.path("state").asString("").equals("live"));
  }

  private String allIsWell() {
    String drained =
        live.instances().stream()
            .filter(Instance::isDrained)
            .map(Instance::toString)
            .collect(Collectors.joining(", "));
    return "All copies are fresh"
        + (drained.isEmpty() ? "" : "; drained: " + drained)
        + drainedToOne().collect(Collectors.joining())
        + (loader.isPinned() ? "; the routes are rolled back until their file changes" : "")
        + ".";
  }
}
