package dev.freshet.read.model;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A relation in schema {@code read}.
 *
 * @param name its name
 * @param columns its columns in order: name to type, as PostgreSQL prints it; empty when whoever
 *     asks may see none
 * @param key the columns that are unique together; empty when it has none that is known
 * @param neverNull the columns that are known to hold no null
 * @param version the column behind entity tags, or null
 * @param hasAggregates whether it may be asked for sums and the like
 * @param hidesColumns whether it has more columns than these, which whoever asks may not see
 */
public record Model(
    String name,
    Map<String, String> columns,
    List<String> key,
    Set<String> neverNull,
    @Nullable String version,
    boolean hasAggregates,
    boolean hidesColumns) {

  public Model {
    key = List.copyOf(key);
    neverNull = Set.copyOf(neverNull);
  }

  /** The qualified name, quoted for SQL. */
  public String quotedName() {
    return "read." + quoted(name);
  }

  /** A name as an SQL identifier. */
  public static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
