package dev.freshet.sync.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A base table's schema and name, as the catalogue has them. */
public record TableName(String schema, String name) implements Comparable<TableName> {

  /** PostgreSQL's NAMEDATALEN, less the byte that ends a name. */
  private static final int LONGEST = 63;

  /**
   * Reads {@code SCHEMA.NAME}, or a name of schema {@code public}, as the catalogue has them.
   *
   * @throws IllegalArgumentException when it is something else
   */
  public static TableName parse(String text) {
    String[] parts = text.strip().split("\\.", -1);
    if (parts.length > 2 || Arrays.stream(parts).anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "'%s' is no table. Write SCHEMA.NAME, without quotes.".formatted(text));
    }
    return parts.length == 1
        ? new TableName("public", parts[0])
        : new TableName(parts[0], parts[1]);
  }

  /** The qualified name, quoted for SQL. */
  public String quoted() {
    return quoted(schema) + "." + quoted(name);
  }

  /** A name as an SQL identifier. */
  public static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /**
   * An identifier that PostgreSQL does not cut: of a name that is longer than its 63 bytes the
   * beginning, and a hash of all of it.
   */
  public static String fitting(String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length <= LONGEST) {
      return name;
    }
    String hash = "_%08x".formatted(name.hashCode());
    int end = name.length();
    while (name.substring(0, end).getBytes(StandardCharsets.UTF_8).length
        > LONGEST - hash.length()) {
      end = name.offsetByCodePoints(end, -1);
    }
    return name.substring(0, end) + hash;
  }

  /** A text as an SQL literal, under {@code standard_conforming_strings}. */
  public static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  @Override
  public int compareTo(TableName other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return schema + "." + name;
  }
}
