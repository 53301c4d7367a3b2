package dev.freshet.gateway.pool;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Asks write-backends about their commands. */
public final class CommandsClient {

  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** One that knows no commands finds the question in its log; it is asked no more often. */
  private static final Duration SELDOM = Duration.ofMinutes(1);

  private static final Set<Integer> KNOWS_OF_NONE = Set.of(404, 405, 501);

  private final HttpClient client;
  private final JsonMapper json;
  private final String path;

  /** Those that know of none, by name. */
  private final Cache<String, Boolean> withoutCommands =
      Caffeine.newBuilder().expireAfterWrite(SELDOM).maximumSize(1_000).build();

  /**
   * Asks by a path.
   *
   * @param path of a list of commands
   */
  public CommandsClient(HttpClient client, JsonMapper json, String path) {
    this.client = client;
    this.json = json;
    this.path = path;
  }

  /**
   * Its commands, each with its name as {@code instance}; none when it tells of none.
   *
   * @return fails when it does not tell
   */
  public Mono<List<JsonNode>> ask(Instance instance) {
    if (withoutCommands.getIfPresent(instance.spec().id()) != null) {
      return Mono.just(List.of());
    }
    return instance
        .connections()
        .own(client)
        .get()
        .uri(path)
        .response(
            (response, body) -> {
              if (response.status().code() == 200) {
                return Beginning.of(body);
              }
              if (!KNOWS_OF_NONE.contains(response.status().code())) {
                return Mono.error(
                    new IllegalStateException("It answers " + response.status().code()));
              }
              withoutCommands.put(instance.spec().id(), true);
              return Mono.<byte[]>empty();
            })
        .singleOrEmpty()
        .timeout(TIMEOUT)
        .map(body -> read(body, instance))
        .defaultIfEmpty(List.of());
  }

  private List<JsonNode> read(byte[] body, Instance instance) {
    List<JsonNode> commands = new ArrayList<>();
    try {
      for (JsonNode command : json.readTree(body)) {
        if (command instanceof ObjectNode members) {
          commands.add(members.put("instance", instance.spec().id()));
        }
      }
    } catch (JacksonException e) {
      return List.of(); // a backend that is not ours may have something else there
    }
    return commands;
  }
}
