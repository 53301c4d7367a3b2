package dev.freshet.gateway.openapi;

import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.OpenApiClient;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.routing.Decision;
import dev.freshet.gateway.routing.Routes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One document of what the routes lead to: of each pool, what its first instance that tells says.
 */
public final class Documents {

  /** For so long the same is told; backends look at their files every second. */
  private static final Duration KEPT = Duration.ofSeconds(5);

  private final OpenApiClient client;
  private final JsonMapper json;
  private final AtomicReference<@Nullable Kept> last = new AtomicReference<>();

  private record Kept(Generation of, long atNanos, String document) {}

  public Documents(OpenApiClient client, JsonMapper json) {
    this.client = client;
    this.json = json;
  }

  /** The document for a generation of the routes. */
  public Mono<String> of(Generation generation) {
    Kept kept = last.get();
    if (kept != null
        && kept.of() == generation
        && System.nanoTime() - kept.atNanos() < KEPT.toNanos()) {
      return Mono.just(kept.document());
    }
    return Flux.fromIterable(generation.pools().byName().values())
        .concatMap(this::ask)
        .collectList()
        .map(
            documents ->
                json.writeValueAsString(
                    Merge.of(
                        documents, (method, path) -> isTaken(generation.routes(), method, path))))
        .doOnNext(document -> last.set(new Kept(generation, System.nanoTime(), document)));
  }

  private Mono<JsonNode> ask(Pool pool) {
    return Flux.fromIterable(pool.instances())
        .filter(Instance::isEligible)
        .concatMap(client::ask)
        .next();
  }

  private static boolean isTaken(Routes routes, String method, String path) {
    return switch (Decision.of(routes, method, path, name -> List.of())) {
      case Decision.Taken taken -> true;
      case Decision.ByContent byContent -> true;
      default -> false;
    };
  }
}
