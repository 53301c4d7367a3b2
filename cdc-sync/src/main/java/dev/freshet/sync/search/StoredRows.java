package dev.freshet.sync.search;

import dev.freshet.protocol.Position;
import dev.freshet.search.Batch;
import dev.freshet.search.Json;
import dev.freshet.search.ModelIndex;
import dev.freshet.search.Progress;
import dev.freshet.search.RowDocument;
import dev.freshet.search.RowText;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * All rows of a model, as a reader with a session has them: of one searcher, and never before what
 * it has seen.
 */
final class StoredRows {

  private static final JsonMapper JSON = JsonMapper.shared();

  private static final Duration WAITS = Duration.ofSeconds(30);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(2);

  private final SearchClient client;
  private @Nullable Position seen;

  StoredRows(SearchClient client) {
    this.client = client;
  }

  /**
   * The rows.
   *
   * @return empty where readers have none
   */
  Optional<List<List<@Nullable String>>> of(String model) throws SearchFailed {
    long end = System.nanoTime() + WAITS.toNanos();
    while (System.nanoTime() < end) {
      Position place = place();
      if (place == null) {
        return Optional.empty();
      }
      Position before = seen();
      if (before == null || place.isAtOrPast(before)) {
        try {
          Found found = found(StoreNames.alias(model));
          if (found.batch().isWhole()) {
            see(place.max(found.batch().applied()));
            return Optional.of(found.rows());
          }
        } catch (SearchFailed e) {
          if (e.isMissing()) {
            return Optional.empty();
          }
          throw e;
        }
      }
      LockSupport.parkNanos(TimeUnit.NANOSECONDS.convert(LOOK_AGAIN));
    }
    throw new SearchFailed(0, "", "The store does not get to where a reader was before", null);
  }

  private synchronized @Nullable Position seen() {
    return seen;
  }

  /** A store that was begun again may be at an earlier place. */
  private synchronized void see(Position at) {
    seen = at;
  }

  /** Forgets what was seen: the store begins again. */
  synchronized void forget() {
    seen = null;
  }

  private @Nullable Position place() throws SearchFailed {
    try {
      JsonNode hits =
          client
              .send(
                  "POST",
                  "/%s/_search?preference=_primary".formatted(StoreNames.PROGRESS),
                  "{\"query\":{\"ids\":{\"values\":[\"%s\"]}}}".formatted(StoreNames.PLACE))
              .path("hits")
              .path("hits");
      return hits.isEmpty() ? null : Progress.of(hits.path(0).path("_source")).place();
    } catch (SearchFailed e) {
      if (e.isMissing()) {
        return null;
      }
      throw e;
    }
  }

  private record Found(Batch batch, List<List<@Nullable String>> rows) {}

  private Found found(String alias) throws SearchFailed {
    try (Scroll scroll = Scroll.of(client, alias)) {
      List<List<@Nullable String>> rows = new ArrayList<>();
      Batch batch = null;
      ModelIndex model = null;
      List<Scroll.Document> documents = scroll.next();
      while (!documents.isEmpty()) {
        for (Scroll.Document document : documents) {
          if (document.id().equals(StoreNames.PLACE)) {
            batch = Batch.of(JSON.readTree(document.source()));
            continue;
          }
          if (model == null) {
            model = model(document.index());
          }
          rows.add(values(model, Json.members(document.source())));
        }
        documents = scroll.next();
      }
      if (batch == null) {
        throw new SearchFailed(0, "", "The index of %s tells no batch".formatted(alias), null);
      }
      return new Found(batch, rows);
    }
  }

  private ModelIndex model(String index) throws SearchFailed {
    return ModelIndex.of(
        client
            .send("GET", "/%s/_mapping".formatted(StoreNames.inPath(index)), null)
            .path(index)
            .path("mappings")
            .path("_meta"));
  }

  private static List<@Nullable String> values(ModelIndex model, Map<String, String> source) {
    return RowText.values(
        List.copyOf(model.columns().keySet()),
        List.copyOf(model.columns().values()),
        RowDocument.row(source));
  }
}
