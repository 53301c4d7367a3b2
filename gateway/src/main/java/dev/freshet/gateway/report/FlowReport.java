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
 * slot and sync, or publisher, log and sync, to read databases, and on through followers to search
 * stores. Not for several threads.
 */
final class FlowReport {

  private static final String GATEWAY = "gateway";
  private static final String PRIMARY = "primary";

  /** What a follower tells is asked for every few seconds. */
  private static final double STORE_FRESH_SECONDS = Diagnosis.FRESH_SECONDS + 2;

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

    /** By log the publisher that leads, or else any one; null where none is known. */
    private Map<String, @Nullable JsonNode> logs() {
      Map<String, @Nullable JsonNode> byLog = new LinkedHashMap<>();
      for (JsonNode sync : leading()) {
        if (sync.path("log").isString()) {
          byLog.put(sync.path("log").asString(), null);
        }
      }
      for (JsonNode publisher : status.publish()) {
        String log = nameOf(publisher);
        JsonNode other = byLog.get(log);
        if (other == null || !other.path("state").asString("").equals("streaming")) {
          byLog.put(log, publisher);
        }
      }
      return byLog;
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
    moment.logs().forEach((log, publisher) -> addLog(log, publisher, nodes, edges));
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
    addStores(moment, nodes, edges);
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
    for (JsonNode publisher : moment.status.publish()) {
      String changes = changesOfLog(nameOf(publisher));
      names.add(changes);
      if (publisher.path("changes").isNumber() && !Syncs.isStandby(publisher)) {
        movement.seen(changes, publisher.path("changes").asLong());
      }
    }
    movement.retain(names);
  }

  /** What a publisher is called: by its log, or while that is unknown by its address. */
  private static String nameOf(JsonNode publisher) {
    return publisher.path("log").asString(publisher.path("url").asString("?"));
  }

  private static String changesOfLog(String log) {
    return "changes of log " + log;
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
    String id = "sync of " + Syncs.name(sync);
    Health health = health(sync);
    String from = sync.path("log").asString(null);
    if (from == null) {
      from = "slot of " + Syncs.name(sync);
      Health slot = ofSlot(sync);
      nodes.add(
          new Node(
              from, Kind.SLOT, "slot", slot, slot == Health.DOWN ? "it has lost log" : "", null));
      edges.add(toHolder(from, sync));
    }
    nodes.add(new Node(id, Kind.SYNC, "cdc-sync", health, says(sync), null));
    edges.add(
        new Edge(
            from,
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

  /**
   * Followers, and behind them the copies in their stores. A copy does not tell its store's name:
   * of several stores it is not known whose it is.
   */
  private void addStores(Moment moment, List<Node> nodes, List<Edge> edges) {
    List<InstanceStatus> copies = moment.instances("search");
    boolean isTheOnly = moment.status.stores().size() == 1;
    for (JsonNode store : moment.status.stores()) {
      String state = store.path("state").asString("");
      Health health = ofFollower(store);
      String id = followerOf(store);
      String readDatabase = Syncs.name(store);
      boolean isDrawn =
          nodes.stream()
              .anyMatch(
                  node -> node.kind() == Kind.READ_DATABASE && node.id().equals(readDatabase));
      nodes.add(
          new Node(
              id, Kind.FOLLOWER, "follower", health, state.equals("following") ? "" : state, null));
      edges.add(
          new Edge(
              isDrawn ? readDatabase : "sync of " + readDatabase,
              id,
              health,
              isTheOnly && !copies.isEmpty() ? movement.perSecond(copies.getFirst().id()) : null,
              "bytes",
              Syncs.figure(store, "lagSeconds").orElse(null),
              null));
    }
    String from = isTheOnly ? followerOf(moment.status.stores().getFirst()) : PRIMARY;
    for (InstanceStatus copy : copies) {
      nodes.add(copy(moment, copy, Kind.SEARCH));
      edges.add(toCopy(from, copy, movement.perSecond(copy.id()), "bytes"));
    }
  }

  private static String followerOf(JsonNode store) {
    return "follower of %s (%s)".formatted(store.path("store").asString("?"), Syncs.name(store));
  }

  private static Health ofFollower(JsonNode store) {
    return switch (store.path("state").asString("")) {
      case "following" ->
          Syncs.figure(store, "lagSeconds")
              .map(lag -> lag <= STORE_FRESH_SECONDS ? Health.FINE : Health.BEHIND)
              .orElse(Health.UNKNOWN);
      case "retrying", "silent" -> Health.DOWN;
      case "starting" -> Health.BEHIND;
      default -> Health.UNKNOWN;
    };
  }

  /** To what holds log back on the primary. */
  private Edge toHolder(String id, JsonNode holder) {
    return new Edge(
        PRIMARY,
        id,
        ofSlot(holder),
        movement.perSecond(PRIMARY),
        "bytes",
        null,
        Syncs.figure(holder, "slotRetainedBytes").map(Double::longValue).orElse(null));
  }

  private static Health ofSlot(JsonNode holder) {
    return holder.path("slotLost").asBoolean(false)
        ? Health.DOWN
        : holder.path("slotRetainedBytes").isNumber() ? Health.FINE : Health.UNKNOWN;
  }

  /**
   * A log, and what writes it.
   *
   * @param log how syncs name it
   */
  private void addLog(
      String log, @Nullable JsonNode publisher, List<Node> nodes, List<Edge> edges) {
    String name = log.substring(log.lastIndexOf('/') + 1);
    if (publisher == null) {
      nodes.add(new Node(log, Kind.LOG, name, Health.UNKNOWN, "no publisher is known", null));
      edges.add(new Edge(PRIMARY, log, Health.UNKNOWN, null, "changes", null, null));
      return;
    }
    String id = "publisher of " + log;
    Double lag = Syncs.figure(publisher, "lagSeconds").orElse(null);
    Health health =
        publisher.path("state").asString("").equals("streaming")
            ? freshness(lag, changesOfLog(log))
            : health(publisher);
    nodes.add(new Node(id, Kind.PUBLISHER, "publisher", health, says(publisher), null));
    edges.add(toHolder(id, publisher));
    nodes.add(new Node(log, Kind.LOG, name, health, "", null));
    edges.add(
        new Edge(id, log, health, movement.perSecond(changesOfLog(log)), "changes", lag, null));
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
