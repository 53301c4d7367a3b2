package dev.freshet.read.query;

/** The form of an answer's body; PostgreSQL makes each. */
public enum Representation {
  /** An array of objects, or one object. */
  JSON("application/json"),
  /** RFC 4180's, with a header line, and lines that end with LF, as PostgREST has them. */
  CSV("text/csv;charset=utf-8");

  private final String mediaType;

  Representation(String mediaType) {
    this.mediaType = mediaType;
  }

  /** As {@code Content-Type} has it. */
  public String mediaType() {
    return mediaType;
  }
}
