package dev.freshet.sync.search;

import dev.freshet.search.Json;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import dev.freshet.search.StoreNames;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All documents of an index as one searcher has them, some at a time. */
final class Scroll implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Scroll.class);

  private static final int DOCUMENTS_AT_ONCE = 1_000;

  /** How long the store keeps the searcher between two requests. */
  private static final String KEPT = "5m";

  private final SearchClient client;
  private Map<String, String> page;
  private final String id;
  private boolean isFirst = true;

  /** A document, each part as JSON has it but the names. */
  record Document(String index, String id, String source) {}

  private Scroll(SearchClient client, Map<String, String> page) {
    this.client = client;
    this.page = page;
    this.id = String.valueOf(page.get("_scroll_id"));
  }

  /** Has the store keep a searcher of an index, or of an alias. */
  static Scroll of(SearchClient client, String index) throws SearchFailed {
    return new Scroll(
        client,
        Json.members(
            client.textOf(
                "POST",
                "/%s/_search?scroll=%s&preference=_primary"
                    .formatted(StoreNames.inPath(index), KEPT),
                "{\"size\":%d,\"sort\":[\"_doc\"]}".formatted(DOCUMENTS_AT_ONCE))));
  }

  /** The next documents; none at the end. */
  List<Document> next() throws SearchFailed {
    if (!isFirst) {
      page =
          Json.members(
              client.textOf(
                  "POST",
                  "/_search/scroll",
                  "{\"scroll\":\"%s\",\"scroll_id\":%s}".formatted(KEPT, id)));
    }
    isFirst = false;
    return Json.elements(String.valueOf(Json.members(String.valueOf(page.get("hits"))).get("hits")))
        .stream()
        .map(Json::members)
        .map(
            hit ->
                new Document(
                    Json.text(String.valueOf(hit.get("_index"))),
                    Json.text(String.valueOf(hit.get("_id"))),
                    String.valueOf(hit.get("_source"))))
        .toList();
  }

  @Override
  public void close() {
    try {
      client.send("DELETE", "/_search/scroll", "{\"scroll_id\":[%s]}".formatted(id));
    } catch (SearchFailed e) {
      log.debug("A searcher was not given back; the store forgets it", e);
    }
  }
}
