package dev.freshet.gateway.operator;

import dev.freshet.gateway.report.Syncs;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.OperatorChanges.Change;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** {@code GET /api/audit}: what operators changed, here and at the syncs, the last one first. */
public final class AuditEndpoint {

  private final OperatorChanges changes;
  private final Syncs syncs;

  public AuditEndpoint(OperatorChanges changes, Syncs syncs) {
    this.changes = changes;
    this.syncs = syncs;
  }

  /**
   * A change as the answer has it.
   *
   * @param readDatabase whose sync was asked itself; null for what was asked of this gateway
   */
  private record Entry(
      String at,
      String path,
      String by,
      String outcome,
      String requestId,
      @Nullable String readDatabase) {

    static Entry of(Change change) {
      return new Entry(
          change.at(), change.path(), change.by(), change.outcome(), change.requestId(), null);
    }

    static Entry of(JsonNode ofSync) {
      return new Entry(
          ofSync.path("at").asString(""),
          ofSync.path("path").asString(""),
          ofSync.path("by").asString(""),
          ofSync.path("outcome").asString(""),
          ofSync.path("requestId").asString(""),
          ofSync.path("readDatabase").asString(""));
    }
  }

  Mono<ServerResponse> show(ServerRequest request) {
    return syncs.audits().map(this::merged).flatMap(told -> ServerResponse.ok().bodyValue(told));
  }

  /** A change that went through this gateway to a sync has one id at both, and is listed once. */
  private List<Entry> merged(List<JsonNode> ofSyncs) {
    List<Change> own = changes.latest();
    Set<String> known =
        own.stream()
            .filter(change -> change.path().startsWith("/api/syncs/"))
            .map(Change::requestId)
            .filter(id -> !id.isEmpty())
            .collect(Collectors.toSet());
    List<Entry> all = new ArrayList<>();
    own.forEach(change -> all.add(Entry.of(change)));
    ofSyncs.stream()
        .map(Entry::of)
        .filter(change -> !known.contains(change.requestId()))
        .forEach(all::add);
    all.sort(Comparator.comparing(Entry::at).reversed()); // stable: else the last one first
    return all;
  }
}
