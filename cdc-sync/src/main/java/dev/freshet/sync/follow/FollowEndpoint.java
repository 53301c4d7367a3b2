package dev.freshet.sync.follow;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** {@code GET /api/follower}. */
final class FollowEndpoint {

  private FollowEndpoint() {}

  static RouterFunction<ServerResponse> routes(FollowerStatus status, FollowSettings settings) {
    return RouterFunctions.route()
        .GET("/api/follower", request -> ServerResponse.ok().bodyValue(follower(status, settings)))
        .build();
  }

  private static Map<String, @Nullable Object> follower(
      FollowerStatus status, FollowSettings settings) {
    FollowerState now = status.state();
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("store", settings.store());
    body.put("search", settings.search());
    body.put("state", now.phase().name().toLowerCase(Locale.ROOT));
    body.put("reason", now.reason());
    body.put("since", now.since().toString());
    body.put("position", now.place() == null ? null : now.place().toString());
    body.put("lagSeconds", Double.isNaN(status.lagSeconds()) ? null : status.lagSeconds());
    body.put("pendingKeys", now.pendingKeys());
    body.put("rejected", status.rejections());
    List<Map<String, String>> models = new ArrayList<>();
    now.models()
        .forEach(
            (name, model) ->
                models.add(
                    Map.of(
                        "model",
                        name,
                        "state",
                        model.stage().name().toLowerCase(Locale.ROOT),
                        "reason",
                        model.reason())));
    body.put("models", models);
    return body;
  }
}
