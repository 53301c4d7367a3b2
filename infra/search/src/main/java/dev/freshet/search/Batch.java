package dev.freshet.search;

import dev.freshet.protocol.Position;
import tools.jackson.databind.JsonNode;

/**
 * Which batch an index is of. Both places are the same but where a node was killed within a batch:
 * then the rows are nobody's to read, until the batch is written again.
 *
 * @param begun the place of the batch whose rows began to be written
 * @param applied the place of the batch whose rows are all there
 */
public record Batch(Position begun, Position applied) {

  /** Whether the rows are those of one place. */
  public boolean isWhole() {
    return begun.equals(applied);
  }

  /** The document, in one line. */
  public String document() {
    return "{\"%s\":{\"begun\":\"%s\",\"applied\":\"%s\"}}"
        .formatted(RowDocument.BATCH, begun, applied);
  }

  /**
   * Reads a document.
   *
   * @throws IllegalArgumentException when it is another one
   */
  public static Batch of(JsonNode source) {
    JsonNode batch = source.path(RowDocument.BATCH);
    return new Batch(
        Position.parse(batch.path("begun").asString("")),
        Position.parse(batch.path("applied").asString("")));
  }
}
