package dev.freshet.sync.search;

import dev.freshet.search.Json;
import dev.freshet.search.SearchClient;
import dev.freshet.search.SearchFailed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Writes many documents, in order, some at a time. What a busy store puts off is sent again, in
 * requests of half the size, after a pause that grows; a version that is there already is right.
 */
final class BulkWriter {

  /** What OpenSearch advises a request to have, and not much more. */
  private static final int MOST_BYTES = 8 * 1024 * 1024;

  private static final int MOST_DOCUMENTS = 4_000;

  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;
  private static final int BAD_REQUEST = 400;
  private static final int FIRST_NON_SUCCESS = 300;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final int MOST_ATTEMPTS = 12;

  private static final String UNREADABLE = "mapper_parsing_exception";

  private final SearchClient client;
  private List<Write> writes = new ArrayList<>();
  private long bytes;

  BulkWriter(SearchClient client) {
    this.client = client;
  }

  /**
   * One document, or the end of one.
   *
   * @param version written, unless a later one is there
   * @param source in one line; null to delete it
   * @param otherwise the same in a form that OpenSearch does not read; null where there is none
   * @param refused called when it is refused whatever its form
   */
  record Write(
      String index,
      String id,
      long version,
      @Nullable String source,
      @Nullable Otherwise otherwise,
      Refused refused) {

    private String lines() {
      String head =
          "{\"%s\":{\"_index\":\"%s\",\"_id\":%s,\"version\":%d,\"version_type\":\"external_gte\"}}\n"
              .formatted(source == null ? "delete" : "index", index, Json.string(id), version);
      return source == null ? head : head + source + "\n";
    }
  }

  interface Otherwise {
    String source();
  }

  interface Refused {
    void because(String reason) throws SearchFailed;
  }

  /** Adds a write, and sends what was added before when that is enough. */
  void add(Write write) throws SearchFailed {
    int more = write.source() == null ? 0 : write.source().length();
    if (!writes.isEmpty() && (bytes + more > MOST_BYTES || writes.size() >= MOST_DOCUMENTS)) {
      flush(false);
    }
    writes.add(write);
    bytes += more;
  }

  /**
   * Sends what was added.
   *
   * @param refresh whether all of it is to be searchable, in each index that this request writes to
   */
  void flush(boolean refresh) throws SearchFailed {
    List<Write> pending = writes;
    writes = new ArrayList<>();
    bytes = 0;
    send(pending, refresh, FIRST_PAUSE, MOST_ATTEMPTS);
  }

  private void send(List<Write> pending, boolean refresh, Duration pause, int attempts)
      throws SearchFailed {
    if (pending.isEmpty()) {
      return;
    }
    List<Write> again = new ArrayList<>();
    JsonNode answer;
    try {
      answer = request(pending, refresh);
    } catch (SearchFailed e) {
      if (!isBusy(e.status()) || attempts <= 1) {
        throw e;
      }
      sendHalves(pending, refresh, pause, attempts);
      return;
    }
    if (!answer.path("errors").asBoolean(false)) {
      return;
    }
    JsonNode items = answer.path("items");
    for (int i = 0; i < pending.size(); i++) {
      Write next = toRepeat(pending.get(i), items.path(i).iterator().next());
      if (next != null) {
        again.add(next);
      }
    }
    if (!again.isEmpty() && attempts <= 1) {
      throw new SearchFailed(429, "", "The search store is too busy for a batch", null);
    }
    if (!again.isEmpty()) {
      sendHalves(again, refresh, pause, attempts);
    }
  }

  /** In order: a document that is marked as the last is to stay the last. */
  private void sendHalves(List<Write> pending, boolean refresh, Duration pause, int attempts)
      throws SearchFailed {
    LockSupport.parkNanos(pause.toNanos());
    if (Thread.currentThread().isInterrupted()) {
      throw new SearchFailed(0, "", "Writing to the search store was interrupted", null);
    }
    Duration longer = pause.multipliedBy(2);
    Duration next = longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
    int half = (pending.size() + 1) / 2;
    send(pending.subList(0, half), refresh && half == pending.size(), next, attempts - 1);
    send(pending.subList(half, pending.size()), refresh, next, attempts - 1);
  }

  private JsonNode request(List<Write> pending, boolean refresh) throws SearchFailed {
    StringBuilder lines = new StringBuilder();
    pending.forEach(write -> lines.append(write.lines()));
    return client.sendLines(
        "/_bulk?filter_path=errors,items.*.status,items.*.error" + (refresh ? "&refresh=true" : ""),
        lines.toString());
  }

  private static boolean isBusy(int status) {
    return status == 429 || status == 503;
  }

  /** The write to send again; null where it is done. */
  private static @Nullable Write toRepeat(Write write, JsonNode result) throws SearchFailed {
    int status = result.path("status").asInt(0);
    boolean isGoneAlready = write.source() == null && status == NOT_FOUND;
    if (status < FIRST_NON_SUCCESS || status == CONFLICT || isGoneAlready) {
      return null;
    }
    if (isBusy(status)) {
      return write;
    }
    JsonNode error = result.path("error");
    String type = error.path("type").asString("");
    String reason = reason(error);
    if (status != BAD_REQUEST) {
      throw new SearchFailed(status, type, reason, null);
    }
    if (type.equals(UNREADABLE) && write.otherwise() != null) {
      return new Write(
          write.index(),
          write.id(),
          write.version(),
          write.otherwise().source(),
          null,
          write.refused());
    }
    write.refused().because(reason);
    return null;
  }

  private static String reason(JsonNode error) {
    String cause = error.path("caused_by").path("reason").asString("");
    return error.path("reason").asString("") + (cause.isEmpty() ? "" : ": " + cause);
  }
}
