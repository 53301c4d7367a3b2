package dev.freshet.local.system;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a system that has become ready has besides what was started.
 *
 * @param own instances of the routes file that were not started here, each with its kind and state
 * @param stopped models that are not kept in step, each with the reason
 */
public record StartReport(Map<String, String> own, Map<String, String> stopped) {

  /** States of models that serve, or are going to. */
  private static final Set<String> KEPT = Set.of("live", "building");

  static final StartReport NOTHING = new StartReport(Map.of(), Map.of());

  /**
   * Reads the gateway's status.
   *
   * @param started ids of the parts that were started
   */
  static StartReport of(JsonNode status, Set<String> started) {
    Map<String, String> own = new LinkedHashMap<>();
    for (JsonNode instance : status.path("instances")) {
      String id = instance.path("id").asString("");
      if (!started.contains(id)) {
        own.put(
            id,
            "%s of your own, %s"
                .formatted(
                    instance.path("kind").asString(""), instance.path("state").asString("")));
      }
    }
    Map<String, String> stopped = new LinkedHashMap<>();
    for (JsonNode model : status.path("models")) {
      String state = model.path("state").asString("");
      if (!KEPT.contains(state)) {
        stopped.put(
            model.path("name").asString(""),
            "%s: %s".formatted(state, model.path("reason").asString("").replace('\n', ' ')));
      }
    }
    return new StartReport(own, stopped);
  }
}
