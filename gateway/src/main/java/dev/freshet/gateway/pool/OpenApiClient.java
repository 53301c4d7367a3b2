package dev.freshet.gateway.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks backends for {@code /openapi.json}. */
public final class OpenApiClient {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int MOST_BYTES = 16 << 20;

  private final HttpClient client;
  private final JsonMapper json;

  public OpenApiClient(HttpClient client, JsonMapper json) {
    this.client = client;
    this.json = json;
  }

  /** Its document; empty when it has none that can be read. */
  public Mono<JsonNode> ask(Instance instance) {
    return instance
        .connections()
        .own(client)
        .get()
        .uri("/openapi.json")
        .response(
            (response, body) ->
                response.status().code() == 200
                    ? Beginning.of(body, MOST_BYTES)
                    : Mono.<byte[]>empty())
        .singleOrEmpty()
        .timeout(TIMEOUT)
        .flatMap(body -> Mono.justOrEmpty(read(body)))
        .onErrorComplete();
  }

  private @Nullable JsonNode read(byte[] body) {
    try {
      JsonNode document = json.readTree(body);
      return document.path("openapi").asString("").startsWith("3.") ? document : null;
    } catch (JacksonException e) {
      return null; // something else is there
    }
  }
}
