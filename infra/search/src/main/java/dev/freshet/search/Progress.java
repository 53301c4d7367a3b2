package dev.freshet.search;

import dev.freshet.protocol.Position;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far a store is. Readers who saw it and then a model's rows have all that is at or before its
 * place: it is written after these.
 *
 * @param place of the last batch that is searchable
 * @param systemIdentifier PostgreSQL's name of the system that the data come from
 * @param origin which read database it follows, for people
 * @param writer which follower writes to it; empty where that was not written
 * @param committedAt when the last transaction at the place was committed
 * @param writtenAt when this was written
 */
public record Progress(
    Position place,
    String systemIdentifier,
    String origin,
    String writer,
    Instant committedAt,
    Instant writtenAt) {

  private static final JsonMapper JSON = JsonMapper.shared();

  /** The index's body: nothing of the document is indexed. */
  public static String creation(int replicas) {
    ObjectNode body = JSON.createObjectNode();
    body.putObject("settings")
        .put("number_of_shards", 1)
        .put("number_of_replicas", replicas)
        .put("refresh_interval", "-1");
    body.putObject("mappings").put("dynamic", "false");
    return body.toString();
  }

  /** The document, in one line. */
  public String document() {
    return JSON.createObjectNode()
        .put("place", place.toString())
        .put("system", systemIdentifier)
        .put("origin", origin)
        .put("writer", writer)
        .put("committed", committedAt.toString())
        .put("written", writtenAt.toString())
        .toString();
  }

  /**
   * Reads a document.
   *
   * @throws IllegalArgumentException when it is another one
   */
  public static Progress of(JsonNode source) {
    return new Progress(
        Position.parse(source.path("place").asString("")),
        source.path("system").asString(""),
        source.path("origin").asString(""),
        source.path("writer").asString(""),
        Instant.parse(source.path("committed").asString("")),
        Instant.parse(source.path("written").asString("")));
  }
}
