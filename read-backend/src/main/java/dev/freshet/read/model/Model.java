package dev.freshet.read.model;

import dev.freshet.postgres.TextSearch;
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
 * @param hidesColumns whether it has more columns than these, which are in no answer to whoever
 *     asks
 * @param search what of it is searched together; null where nothing is, or whoever asks may not
 */
public record Model(
    String name,
    Map<String, String> columns,
    List<String> key,
    Set<String> neverNull,
    @Nullable String version,
    boolean hasAggregates,
    boolean hidesColumns,
    @Nullable Searched search) {

  public Model {
    key = List.copyOf(key);
    neverNull = Set.copyOf(neverNull);
  }

  /**
   * What of a model is searched together.
   *
   * @param isStored whether its words stand in a column of the relation, {@link TextSearch#COLUMN}
   */
  public record Searched(TextSearch texts, boolean isStored) {}

  /** Whether a query calls by that name all that is searched, and not a column. */
  public boolean isSearched(String name) {
    return search != null && name.equals(TextSearch.FIELD) && !columns.containsKey(name);
  }

  /** Whether a query calls by that name how well a row matches, and not a column. */
  public boolean isRank(String name) {
    return search != null && name.equals(TextSearch.RANK) && !columns.containsKey(name);
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
