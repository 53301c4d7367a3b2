package dev.freshet.read.search;

import dev.freshet.search.ModelIndex;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The models that readers find in a store, remembered for {@link #LIFETIME}; one that is not there
 * is looked for again at most once every {@link #LOOK_AGAIN}.
 */
public final class IndexCatalogue {

  private static final Duration LIFETIME = Duration.ofSeconds(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /** Names that nobody knows are no reason to run out of memory. */
  private static final int MOST_KNOWN = 1_000;

  private final SearchClient client;
  private final Clock clock;
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  /**
   * An index that readers are led to.
   *
   * @param name its own, other than the alias that leads to it
   */
  record Indexed(String name, ModelIndex model) {}

  private record Known(@Nullable Indexed index, Instant since) {}

  /** Asks a store. */
  public IndexCatalogue(SearchClient client, Clock clock) {
    this.client = client;
    this.clock = clock;
  }

  Optional<Indexed> find(String model) throws SearchFailed {
    Known one = known.get(model);
    Instant now = clock.instant();
    if (one == null
        || one.since().isBefore(now.minus(one.index() == null ? LOOK_AGAIN : LIFETIME))) {
      one = new Known(read(model), now);
      if (known.size() >= MOST_KNOWN) {
        known.clear();
      }
      known.put(model, one);
    }
    return Optional.ofNullable(one.index());
  }

  private @Nullable Indexed read(String model) throws SearchFailed {
    try {
      List<Indexed> found = indices(StoreNames.inPath(StoreNames.alias(model)));
      return found.isEmpty() ? null : found.getFirst();
    } catch (SearchFailed e) {
      if (e.isMissing()) {
        return null;
      }
      throw e;
    }
  }

  /** All that readers find. */
  Collection<Indexed> all() throws SearchFailed {
    JsonNode aliases =
        client.send("GET", "/" + StoreNames.ALL_MODELS + "/_alias?ignore_unavailable=true", null);
    List<Indexed> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> index : aliases.properties()) {
      if (!index.getValue().path("aliases").isEmpty()) {
        all.addAll(indices(StoreNames.inPath(index.getKey())));
      }
    }
    return all;
  }

  private List<Indexed> indices(String path) throws SearchFailed {
    return client
        .send("GET", "/%s/_mapping".formatted(path), null)
        .propertyStream()
        .map(
            index ->
                new Indexed(
                    index.getKey(), ModelIndex.of(index.getValue().path("mappings").path("_meta"))))
        .toList();
  }

  void forget() {
    known.clear();
  }
}
