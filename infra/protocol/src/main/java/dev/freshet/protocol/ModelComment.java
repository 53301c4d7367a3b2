package dev.freshet.protocol;

/**
 * How a relation in schema {@code read} says which read model it is: by its comment, a JSON object
 * {@code {"freshet": {"key": ["id"], "version": "version", "hash": "…"}}}.
 *
 * <p>The comment is replaced and dropped with the relation, and replicas have it as the primary has
 * it. PostgreSQL itself takes it apart.
 */
public final class ModelComment {

  /** What such a comment starts with, as written by cdc-sync. */
  public static final String PREFIX = "{\"freshet\"";

  private ModelComment() {}
}
