package dev.freshet.sync.search;

import dev.freshet.search.Batch;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.Progress;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The indices of a store: which there are, and to which readers are led. */
final class StoreIndices {

  /** Readers may be at work on an index when another takes its place. */
  private static final Duration KEPT_FOR_READERS = Duration.ofSeconds(60);

  private static final String ONLY_IF_MISSING = "op_type=create";

  private final SearchClient client;
  private final int replicas;
  private final List<Retired> retired = new ArrayList<>();

  /** What makes a write of the progress fail once somebody else has written it. */
  private String fence = ONLY_IF_MISSING;

  private record Retired(String index, Instant since) {}

  /**
   * Works on a store.
   *
   * @param replicas copies of each shard
   */
  StoreIndices(SearchClient client, int replicas) {
    this.client = client;
    this.replicas = replicas;
  }

  /** An index that readers are led to. */
  record Found(String index, ModelIndex model, Batch batch) {}

  /** Those that readers are led to; others are dropped. */
  List<Found> served() throws SearchFailed {
    List<Found> served = new ArrayList<>();
    Map<String, String> aliases = aliases();
    JsonNode mappings =
        client.send("GET", "/" + StoreNames.ALL_MODELS + "/_mapping?ignore_unavailable=true", null);
    for (Map.Entry<String, JsonNode> each : mappings.properties()) {
      Optional<Found> found =
          aliases.containsKey(each.getKey())
              ? found(each.getKey(), each.getValue().path("mappings").path("_meta"))
              : Optional.empty();
      found.ifPresent(served::add);
      if (found.isEmpty()) {
        drop(each.getKey());
      }
    }
    return served;
  }

  /** Empty for an index that another version has made, which is refilled. */
  private Optional<Found> found(String index, JsonNode meta) throws SearchFailed {
    try {
      return Optional.of(new Found(index, ModelIndex.of(meta), readBatch(index)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    } catch (SearchFailed e) {
      if (e.isMissing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** How far the store is; null where nobody has said it yet. */
  @Nullable Progress progress() throws SearchFailed {
    try {
      JsonNode document =
          client.send("GET", "/%s/_doc/%s".formatted(StoreNames.PROGRESS, StoreNames.PLACE), null);
      fence = onlyAfter(document);
      return Progress.of(document.path("_source"));
    } catch (SearchFailed e) {
      if (e.isMissing()) {
        fence = ONLY_IF_MISSING;
        return null;
      }
      throw e;
    }
  }

  private Batch readBatch(String index) throws SearchFailed {
    return Batch.of(
        client
            .send("GET", "/%s/_doc/%s".formatted(StoreNames.inPath(index), StoreNames.PLACE), null)
            .path("_source"));
  }

  /** Alias by the index that it leads to. */
  private Map<String, String> aliases() throws SearchFailed {
    Map<String, String> aliases = new HashMap<>();
    JsonNode all =
        client.send("GET", "/" + StoreNames.ALL_MODELS + "/_alias?ignore_unavailable=true", null);
    for (Map.Entry<String, JsonNode> index : all.properties()) {
      index
          .getValue()
          .path("aliases")
          .properties()
          .forEach(alias -> aliases.put(index.getKey(), alias.getKey()));
    }
    return aliases;
  }

  /** Makes an index that no reader knows, and returns its name. */
  String create(ModelIndex model) throws SearchFailed {
    String index = StoreNames.index(model.model(), nextNumber(model.model()));
    client.send("PUT", "/" + StoreNames.inPath(index), model.creation(replicas));
    return index;
  }

  private long nextNumber(String model) throws SearchFailed {
    JsonNode indices =
        client.send(
            "GET",
            "/%s-*/_alias?ignore_unavailable=true"
                .formatted(StoreNames.inPath(StoreNames.alias(model))),
            null);
    return 1 + indices.propertyNames().stream().mapToLong(StoreNames::number).max().orElse(0);
  }

  /** Readers are led from one index to another, in one step. */
  void lead(String model, @Nullable String from, String to) throws SearchFailed {
    String alias = Json.string(StoreNames.alias(model));
    String removal =
        from == null
            ? ""
            : "{\"remove\":{\"index\":%s,\"alias\":%s}},".formatted(Json.string(from), alias);
    client.send(
        "POST",
        "/_aliases",
        "{\"actions\":[%s{\"add\":{\"index\":%s,\"alias\":%s}}]}"
            .formatted(removal, Json.string(to), alias));
  }

  /** Drops an index, if it is there. */
  void drop(String index) throws SearchFailed {
    client.send("DELETE", "/%s?ignore_unavailable=true".formatted(StoreNames.inPath(index)), null);
  }

  /** Has an index dropped a minute later. */
  void retire(String index, Instant now) {
    retired.add(new Retired(index, now));
  }

  /** Drops what has been retired for long enough. */
  void dropRetired(Instant now) throws SearchFailed {
    for (Retired each : List.copyOf(retired)) {
      if (each.since().plus(KEPT_FOR_READERS).isBefore(now)) {
        drop(each.index());
        retired.remove(each);
      }
    }
  }

  /**
   * Writes how far the store is; it is searchable when this returns.
   *
   * @throws SearchFailed also when somebody else has written it since this did
   */
  void tell(Progress progress) throws SearchFailed {
    try {
      fence = onlyAfter(put(progress));
    } catch (SearchFailed e) {
      if (e.isConflict()) {
        throw new SearchFailed(
            e.status(),
            e.type(),
            "Somebody else has written to the store, and a store has one follower at a time",
            e);
      }
      if (!e.isMissing()) {
        throw e;
      }
      client.send("PUT", "/" + StoreNames.PROGRESS, Progress.creation(replicas));
      fence = ONLY_IF_MISSING;
      fence = onlyAfter(put(progress));
    }
  }

  private JsonNode put(Progress progress) throws SearchFailed {
    return client.send(
        "PUT",
        "/%s/_doc/%s?refresh=true&%s".formatted(StoreNames.PROGRESS, StoreNames.PLACE, fence),
        progress.document());
  }

  private static String onlyAfter(JsonNode written) {
    return "if_seq_no=%d&if_primary_term=%d"
        .formatted(written.path("_seq_no").asLong(), written.path("_primary_term").asLong());
  }
}
