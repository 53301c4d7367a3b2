package dev.freshet.local.system;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Whether a system that starts is ready. How long that takes grows with the data, so it is waited
 * for as long as anything moves: a state, rows that are copied or built, a lag that gets smaller.
 */
final class Readiness {

  /** Nothing has moved for so long, and no copy or build is under way. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Nothing has moved for so long, though a copy or build is: one statement may take a while. */
  static final Duration PATIENCE_WITH_WORK = Duration.ofMinutes(30);

  /** The shortest time between two lines on what it waits for. */
  static final Duration TOLD_EVERY = Duration.ofSeconds(5);

  /** One that was not there when the gateway started is ready with a share that grows. */
  private static final Set<String> INSTANCE_SERVES = Set.of("ready", "slow-start", "stuck");

  private static final Set<String> SYNC_SERVES = Set.of("streaming", "standby");

  /** What one look found. */
  sealed interface Look {

    record Ready() implements Look {}

    /**
     * It is worth waiting.
     *
     * @param news what is waited for, when it is time to tell it
     */
    record Waiting(@Nullable String news) implements Look {}

    /** A sync waits for a person; so need not the start. */
    record Refused(String why) implements Look {}

    /**
     * Nothing moves.
     *
     * @param what is waited for
     */
    record Stuck(String what, Duration still) implements Look {}
  }

  private final Map<String, Long> nearest = new HashMap<>();
  private List<String> seen = List.of();
  private Instant moved;
  private Instant told;
  private String lastNews = "";

  /** Begins to wait. */
  Readiness(Instant now) {
    this.moved = now;
    this.told = now;
  }

  /**
   * Looks at a status of the gateway.
   *
   * @param status null when it does not answer
   */
  Look look(@Nullable JsonNode status, Instant now) {
    List<String> waitedFor = new ArrayList<>();
    List<String> marks = new ArrayList<>();
    boolean isWorking = false;
    if (status == null) {
      waitedFor.add("the gateway, which does not answer");
    } else {
      for (JsonNode sync : status.path("sync")) {
        if (text(sync, "state").equals("refused")) {
          return new Look.Refused(text(sync, "reason"));
        }
        isWorking |= sync.path("progress").isObject();
        ofSync(sync, waitedFor, marks);
      }
      ofPublishers(status, waitedFor, marks);
      isWorking |= ofModels(status, waitedFor, marks);
      ofInstances(status, waitedFor, marks);
    }
    if (waitedFor.isEmpty()) {
      return new Look.Ready();
    }
    if (!marks.equals(seen)) {
      seen = marks;
      moved = now;
    }
    String what = String.join("; ", waitedFor);
    Duration still = Duration.between(moved, now);
    return still.compareTo(isWorking ? PATIENCE_WITH_WORK : PATIENCE) >= 0
        ? new Look.Stuck(what, still)
        : new Look.Waiting(news(what, now));
  }

  private @Nullable String news(String what, Instant now) {
    if (what.equals(lastNews) || Duration.between(told, now).compareTo(TOLD_EVERY) < 0) {
      return null;
    }
    told = now;
    lastNews = what;
    return what;
  }

  private static void ofSync(JsonNode sync, List<String> waitedFor, List<String> marks) {
    String state = text(sync, "state");
    String id = text(sync, "readDatabase");
    JsonNode progress = sync.path("progress");
    marks.add("%s %s %s".formatted(id, state, progress));
    if (progress.isObject()) {
      JsonNode expected = progress.path("expectedRows");
      waitedFor.add(
          "%s: %s, %,d%s rows"
              .formatted(
                  id,
                  text(progress, "what"),
                  progress.path("rows").asLong(0),
                  expected.isNumber() ? " of about %,d".formatted(expected.asLong()) : ""));
    } else if (!SYNC_SERVES.contains(state)) {
      String reason = text(sync, "reason");
      waitedFor.add(
          "the sync of %s, which is %s%s"
              .formatted(id, state, reason.isEmpty() ? "" : ": " + withoutDot(reason)));
    }
  }

  /** One of them has to publish. */
  private static void ofPublishers(JsonNode status, List<String> waitedFor, List<String> marks) {
    List<String> states = new ArrayList<>();
    status.path("publish").forEach(publisher -> states.add(text(publisher, "state")));
    marks.add("publishers " + states);
    if (!states.isEmpty() && !states.contains("streaming")) {
      waitedFor.add("a publisher, which is " + String.join(" or ", states));
    }
  }

  /** One that can't be kept is no reason to wait. */
  private static boolean ofModels(JsonNode status, List<String> waitedFor, List<String> marks) {
    List<String> building = new ArrayList<>();
    for (JsonNode model : status.path("models")) {
      if (text(model, "state").equals("building")) {
        building.add(text(model, "name"));
        marks.add("%s %s".formatted(text(model, "name"), model.path("rows")));
      }
    }
    if (building.size() == 1) {
      waitedFor.add("model %s, which is being built".formatted(building.getFirst()));
    } else if (!building.isEmpty()) {
      waitedFor.add("%,d models, which are being built".formatted(building.size()));
    }
    if (status.path("models").isEmpty() && !status.path("sync").isEmpty()) {
      waitedFor.add("the syncs' models");
    }
    return !building.isEmpty();
  }

  private void ofInstances(JsonNode status, List<String> waitedFor, List<String> marks) {
    if (status.path("instances").isEmpty()) {
      waitedFor.add("the gateway's instances");
    }
    for (JsonNode instance : status.path("instances")) {
      String id = text(instance, "id");
      String state = text(instance, "state");
      marks.add(id + " " + state);
      if (INSTANCE_SERVES.contains(state)) {
        continue;
      }
      String reason = text(instance, "reason");
      waitedFor.add(
          "%s, which is %s%s"
              .formatted(id, state, reason.isEmpty() ? "" : ": " + withoutDot(reason)));
      JsonNode lag = instance.path("lagBytes");
      if (lag.isNumber()) {
        // Only nearer than ever counts: behind a busy primary a copy that stands still moves away.
        marks.add(id + " " + nearest.merge(id, lag.asLong(), Math::min));
      }
    }
  }

  private static String withoutDot(String sentence) {
    return sentence.replaceFirst("\\.$", "");
  }

  private static String text(JsonNode node, String member) {
    return node.path(member).asString("");
  }
}
