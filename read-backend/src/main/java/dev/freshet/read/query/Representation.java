package dev.freshet.read.query;

/** The form of an answer's body. */
public enum Representation {
  /** An array of objects, or one object where one row is asked for by its key. */
  JSON("application/json"),
  /** The same without members that are null. */
  JSON_WITHOUT_NULLS("application/vnd.pgrst.array+json;nulls=stripped"),
  /** The only row as an object; anything but one row is an error. */
  OBJECT("application/vnd.pgrst.object+json"),
  /** The same without members that are null. */
  OBJECT_WITHOUT_NULLS("application/vnd.pgrst.object+json;nulls=stripped"),
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

  /** Whether it holds exactly one row. */
  public boolean isSingular() {
    return this == OBJECT || this == OBJECT_WITHOUT_NULLS;
  }

  /** Whether members that are null are left out. */
  public boolean isWithoutNulls() {
    return this == JSON_WITHOUT_NULLS || this == OBJECT_WITHOUT_NULLS;
  }
}
