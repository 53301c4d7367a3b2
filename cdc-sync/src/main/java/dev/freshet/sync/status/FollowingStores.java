package dev.freshet.sync.status;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The stores that follow a read database, as their followers report there how they are. */
final class FollowingStores {

  /** A follower that has reported nothing for longer is not running, or can't write to it. */
  private static final Duration SILENT_AFTER = Duration.ofSeconds(30);

  private static final JsonMapper JSON = JsonMapper.shared();

  private final JdbcClient readDatabase;

  FollowingStores(JdbcClient readDatabase) {
    this.readDatabase = readDatabase;
  }

  /**
   * Where a model is in a store.
   *
   * @param position that the store is at; null where readers do not get the model from it
   * @param lagSeconds likewise
   */
  record InStore(
      String store,
      String state,
      String reason,
      @Nullable String position,
      @Nullable Double lagSeconds) {}

  /**
   * Each store: what its follower reported, with how far behind it is by now. The state of one that
   * reports nothing any more is {@code silent}.
   */
  List<JsonNode> now() {
    boolean isInstalled =
        readDatabase
            .sql(
                "select count(*) = 1 from pg_attribute where attrelid = to_regclass('freshet.store') and attname = 'told_at'")
            .query(Boolean.class)
            .single();
    if (!isInstalled) {
      return List.of();
    }
    return readDatabase
        .sql(
            """
            select name, coalesce(status, '{"state": "starting", "reason": ""}')::text,
              coalesce(extract(epoch from clock_timestamp() - coalesce(told_at, registered_at)), 0)::float8,
              to_json(models)::text
            from freshet.store order by name
            """)
        .query(
            (row, number) ->
                told(row.getString(1), row.getString(2), row.getDouble(3), row.getString(4)))
        .list();
  }

  private static JsonNode told(
      String store, String status, double secondsAgo, String registeredModels) {
    ObjectNode body = JSON.createObjectNode().put("store", store);
    body.setAll((ObjectNode) JSON.readTree(status));
    addUnreported(body, JSON.readTree(registeredModels));
    if (secondsAgo > SILENT_AFTER.toSeconds()) {
      body.put("state", "silent");
      body.put(
          "reason",
          "Its follower has reported nothing for %d s: it is not running, or can't write to the read database."
              .formatted(Math.round(secondsAgo)));
    }
    if (body.path("lagSeconds").isNumber()) {
      body.put("lagSeconds", body.path("lagSeconds").asDouble() + Math.max(0, secondsAgo - 1));
    }
    return body;
  }

  /** A follower that has just started has reported none of its models. */
  private static void addUnreported(ObjectNode body, JsonNode registered) {
    ArrayNode models = body.withArray("models");
    Set<String> reported = new HashSet<>();
    models.forEach(model -> reported.add(model.path("model").asString("")));
    for (JsonNode name : registered) {
      if (!reported.contains(name.asString(""))) {
        models
            .addObject()
            .put("model", name.asString(""))
            .put("state", "waiting")
            .put("reason", "");
      }
    }
  }

  /** By model where it is in each store. */
  static Map<String, List<InStore>> byModel(List<JsonNode> stores) {
    Map<String, List<InStore>> places = new LinkedHashMap<>();
    for (JsonNode store : stores) {
      String state = store.path("state").asString("");
      boolean isFollowed = state.equals("following");
      for (JsonNode model : store.path("models")) {
        boolean isServed = model.path("state").asString("").equals("served");
        places
            .computeIfAbsent(model.path("model").asString(""), name -> new ArrayList<>())
            .add(
                new InStore(
                    store.path("store").asString(""),
                    isFollowed ? model.path("state").asString("") : state,
                    isFollowed
                        ? model.path("reason").asString("")
                        : store.path("reason").asString(""),
                    isServed ? store.path("position").asString(null) : null,
                    isServed && store.path("lagSeconds").isNumber()
                        ? Double.valueOf(store.path("lagSeconds").asDouble())
                        : null));
      }
    }
    return places;
  }
}
