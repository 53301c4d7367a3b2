package dev.freshet.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What kind of copy a read is answered from, the cheapest first. */
public enum SourceKind {
  /** A database of its own that change data capture keeps in step; read models are tables. */
  READ_DATABASE,
  /** A store of documents that follows a read database; read models are indices. */
  SEARCH,
  /** A streaming replica; read models are views. */
  REPLICA,
  /** The primary itself, always current; read models are views. */
  PRIMARY;

  /** The name in headers, configuration and JSON: {@code read-database}, and so on. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Reads {@link #wireName}.
   *
   * @throws IllegalArgumentException naming the kinds there are
   */
  public static SourceKind parse(String wireName) {
    return Arrays.stream(values())
        .filter(kind -> kind.wireName().equals(wireName))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is not a kind of source; the kinds are %s"
                        .formatted(
                            wireName,
                            Arrays.stream(values())
                                .map(SourceKind::wireName)
                                .collect(Collectors.joining(", ")))));
  }
}
