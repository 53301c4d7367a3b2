package dev.freshet.sync.publish;

import dev.freshet.sync.source.Claim;
import dev.freshet.sync.status.SyncStatus;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** {@code GET /api/publisher}. */
final class PublisherEndpoint {

  private final SyncStatus status;
  private final LogAge age;
  private final PublishSettings settings;

  private PublisherEndpoint(SyncStatus status, LogAge age, PublishSettings settings) {
    this.status = status;
    this.age = age;
    this.settings = settings;
  }

  static RouterFunction<ServerResponse> routes(
      SyncStatus status, LogAge age, PublishSettings settings) {
    PublisherEndpoint endpoint = new PublisherEndpoint(status, age, settings);
    return RouterFunctions.route()
        .GET("/api/publisher", request -> ServerResponse.ok().bodyValue(endpoint.publisher()))
        .build();
  }

  private Map<String, @Nullable Object> publisher() {
    SyncStatus.Snapshot now = status.snapshot();
    Claim claim = now.claim();
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("log", settings.address().toString());
    body.put("state", now.state().name().toLowerCase(Locale.ROOT));
    body.put("reason", now.reason());
    body.put("since", now.since().toString());
    body.put("position", now.applied() == null ? null : now.applied().toString());
    body.put("lagSeconds", now.lagSeconds());
    body.put("lagBytes", now.lagBytes());
    body.put("changes", now.changes());
    body.put("oldestSeconds", age.seconds());
    body.put("slotRetainedBytes", claim == null ? null : claim.retainedBytes());
    body.put("slotSafeBytes", claim == null ? null : claim.safeBytes());
    body.put("slotSafeSeconds", now.slotSafeSeconds());
    body.put("slotLost", claim == null ? null : claim.lost());
    return body;
  }
}
