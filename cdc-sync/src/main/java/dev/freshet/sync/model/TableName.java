package dev.freshet.sync.model;

/** A base table's schema and name, as the catalogue has them. */
public record TableName(String schema, String name) implements Comparable<TableName> {

  /** The qualified name, quoted for SQL. */
  public String quoted() {
    return quoted(schema) + "." + quoted(name);
  }

  /** A name as an SQL identifier. */
  public static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
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
