package dev.freshet.gateway.report;

import dev.freshet.gateway.report.Flow.Edge;
import dev.freshet.gateway.report.Flow.Health;
import dev.freshet.gateway.report.Flow.Kind;
import dev.freshet.gateway.report.Flow.Node;
import dev.freshet.gateway.report.StatusReport.Status;
import dev.freshet.gateway.report.Traffic.OfInstance;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Draws the flow: gateway to write-backends to primary, and from there to replicas and, through
 * slot and sync, to read databases. Not for several threads.
 */
final class FlowReport {

  private static final String GATEWAY = "gateway";
  private static final String PRIMARY = "primary";

  private final Movement movement;

  FlowReport(LongSupplier nanoTime) {
    this.movement = new Movement(nanoTime);
  }

  /**
   * What is drawn of one moment.
   *
   * @param writers names of the instances that take writes
   */
  record Moment(Status status, Traffic traffic, Set<String> writers) {

    private Map<String, OfInstance> byInstance() {
      return traffic.byInstance().stream()
          .collect(Collectors.toMap(OfInstance::instance, one -> one));
    }

    /** Of each read database the sync that leads, or else any one. */
    private List<JsonNode> leading() {
      Map<String, JsonNode> byName = new LinkedHashMap<>();
      for (JsonNode sync : status.sync()) {
        byName.merge(Syncs.name(sync), sync, (one, other) -> Syncs.isStandby(one) ? other : one);
      }
      return List.copyOf(byName.values());
    }

    /** Null while nothing is known of traffic. */
    private @Nullable Double perSecond(String instance) {
      OfInstance rate = byInstance().get(instance);
      return rate != null
          ? Double.valueOf(rate.perSecond())
          : traffic.reads().perSecond() == null ? null : Double.valueOf(0);
    }

    private List<InstanceStatus> instances(String kind) {
      return status.instances().stream().filter(one -> one.kind().equals(kind)).toList();
    }
  }

  Flow of(Moment moment) {
    observe(moment);
    List<Node> nodes = new ArrayList<>();
    List<Edge> edges = new ArrayList<>();
    nodes.add(new Node(GATEWAY, Kind.GATEWAY, "gateway", Health.FINE, "", null));
    addWriters(moment, nodes, edges);
    nodes.add(primary(moment));
    for (InstanceStatus replica : moment.instances("replica")) {
      nodes.add(copy(moment, replica, Kind.REPLICA));
      edges.add(toCopy(PRIMARY, replica, movement.perSecond(replica.id()), "bytes"));
    }
    Set<String> drawn = new HashSet<>();
    for (JsonNode sync : moment.leading()) {
      addSync(moment, sync, nodes, edges, drawn);
    }
    for (InstanceStatus copy : moment.instances("read-database")) {
      if (!drawn.contains(copy.id())) {
        nodes.add(copy(moment, copy, Kind.READ_DATABASE));
        edges.add(toCopy(PRIMARY, copy, null, "changes"));
      }
    }
    addReads(moment, edges);
    return new Flow(nodes, edges);
  }

  /** Of what copies answer; what stands on the primary is drawn with those that write there. */
  private static void addReads(Moment moment, List<Edge> edges) {
    for (InstanceStatus instance : moment.status.instances()) {
      if (!instance.kind().equals("primary")) {
        edges.add(
            new Edge(
                GATEWAY,
                instance.id(),
                own(instance),
                moment.perSecond(instance.id()),
                "reads",
                null,
                null));
      }
    }
  }

  private void observe(Moment moment) {
    Set<String> names = new HashSet<>(Set.of(PRIMARY));
    movement.seen(PRIMARY, moment.status.primary());
    for (InstanceStatus instance : moment.status.instances()) {
      names.add(instance.id());
      movement.seen(instance.id(), instance.position());
    }
    for (JsonNode sync : moment.leading()) {
      names.add(positionOf(sync));
      names.add(changesOf(sync));
      movement.seen(positionOf(sync), sync.path("position").asString(null));
      if (sync.path("changes").isNumber()) {
        movement.seen(changesOf(sync), sync.path("changes").asLong());
      }
    }
    movement.retain(names);
  }

  private static String positionOf(JsonNode sync) {
    return "position of " + Syncs.name(sync);
  }

  private static String changesOf(JsonNode sync) {
    return "changes of " + Syncs.name(sync);
  }

  private static void addWriters(Moment moment, List<Node> nodes, List<Edge> edges) {
    for (InstanceStatus instance : moment.status.instances()) {
      if (!instance.kind().equals("primary")) {
        continue;
      }
      boolean takesWrites = moment.writers.contains(instance.id());
      Double perSecond = moment.perSecond(instance.id());
      nodes.add(
          new Node(
              instance.id(),
              Kind.BACKEND,
              instance.id(),
              own(instance),
              instance.reason(),
              takesWrites ? null : perSecond));
      edges.add(new Edge(GATEWAY, instance.id(), own(instance), perSecond, "requests", null, null));
      edges.add(new Edge(instance.id(), PRIMARY, own(instance), perSecond, "requests", null, null));
    }
  }

  /** The primary is known by those that stand on it. */
  private static Node primary(Moment moment) {
    boolean isKnown = moment.status.primary() != null;
    List<Health> backends =
        moment.instances("primary").stream().map(FlowReport::own).distinct().toList();
    Health health =
        !isKnown
            ? Health.UNKNOWN
            : backends.isEmpty() || backends.contains(Health.FINE) ? Health.FINE : Health.UNKNOWN;
    return new Node(
        PRIMARY,
        Kind.PRIMARY,
        "primary",
        health,
        health == Health.UNKNOWN ? "nobody tells where it is" : "",
        null);
  }

  private Node copy(Moment moment, InstanceStatus instance, Kind kind) {
    Health health = own(instance);
    return new Node(
        instance.id(),
        kind,
        instance.id(),
        health == Health.FINE ? freshness(instance) : health,
        instance.replayPaused() ? "replay is paused" : instance.reason(),
        moment.perSecond(instance.id()));
  }

  private Edge toCopy(
      String from, InstanceStatus instance, @Nullable Double perSecond, String unit) {
    Health health = own(instance);
    return new Edge(
        from,
        instance.id(),
        health == Health.FINE ? freshness(instance) : health,
        perSecond,
        unit,
        instance.lagSeconds(),
        instance.lagBytes());
  }

  private void addSync(
      Moment moment, JsonNode sync, List<Node> nodes, List<Edge> edges, Set<String> drawn) {
    String slot = "slot of " + Syncs.name(sync);
    String id = "sync of " + Syncs.name(sync);
    Health health = health(sync);
    boolean isLost = sync.path("slotLost").asBoolean(false);
    boolean isKnown = sync.path("slotRetainedBytes").isNumber();
    Health slotHealth = isLost ? Health.DOWN : isKnown ? Health.FINE : Health.UNKNOWN;
    nodes.add(new Node(slot, Kind.SLOT, "slot", slotHealth, isLost ? "it has lost log" : "", null));
    nodes.add(new Node(id, Kind.SYNC, "cdc-sync", health, says(sync), null));
    edges.add(
        new Edge(
            PRIMARY,
            slot,
            slotHealth,
            movement.perSecond(PRIMARY),
            "bytes",
            null,
            Syncs.figure(sync, "slotRetainedBytes").map(Double::longValue).orElse(null)));
    edges.add(
        new Edge(
            slot,
            id,
            health,
            movement.perSecond(changesOf(sync)),
            "changes",
            Syncs.figure(sync, "lagSeconds").orElse(null),
            Syncs.figure(sync, "lagBytes").map(Double::longValue).orElse(null)));
    for (InstanceStatus copy : moment.instances("read-database")) {
      if (copy.id().equals(Syncs.name(sync)) || moment.leading().size() == 1) {
        drawn.add(copy.id());
        nodes.add(copy(moment, copy, Kind.READ_DATABASE));
        edges.add(toCopy(id, copy, movement.perSecond(changesOf(sync)), "changes"));
      }
    }
  }

  private static String says(JsonNode sync) {
    String state = sync.path("state").asString("");
    return state.equals("streaming") ? "" : state;
  }

  private Health health(JsonNode sync) {
    return switch (sync.path("state").asString("")) {
      case "streaming" ->
          freshness(Syncs.figure(sync, "lagSeconds").orElse(null), positionOf(sync));
      case "standby" -> Health.FINE;
      case "paused", "stuck" -> Health.STUCK;
      case "snapshot", "starting" -> Health.BEHIND;
      case "unreachable", "refused", "retrying" -> Health.DOWN;
      default -> Health.UNKNOWN;
    };
  }

  private Health freshness(InstanceStatus instance) {
    return instance.replayPaused() ? Health.STUCK : freshness(instance.lagSeconds(), instance.id());
  }

  private Health freshness(@Nullable Double lagSeconds, String moves) {
    if (lagSeconds == null) {
      return Health.UNKNOWN;
    }
    if (lagSeconds <= Diagnosis.FRESH_SECONDS) {
      return Health.FINE;
    }
    return movement.isStill(moves) ? Health.STUCK : Health.BEHIND;
  }

  private static Health own(InstanceStatus instance) {
    return switch (instance.state()) {
      case "ready", "slow-start", "suspect" -> Health.FINE;
      case "draining", "drained" -> Health.OUT;
      case "stuck" -> Health.STUCK;
      case "starting" -> Health.UNKNOWN;
      default -> Health.DOWN;
    };
  }
}
