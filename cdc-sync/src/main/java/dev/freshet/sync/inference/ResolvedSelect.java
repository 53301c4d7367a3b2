package dev.freshet.sync.inference;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A SELECT as PostgreSQL understood it.
 *
 * @param text with every name resolved
 * @param columns of the result, in order, with their types
 * @param ambiguous columns of the result whose equal values may look different
 * @param meaning changes when the same declaration comes to mean something else
 */
public record ResolvedSelect(
    String text, Map<String, String> columns, Set<String> ambiguous, String meaning) {

  /** Copies the columns, in their order. */
  public ResolvedSelect {
    ambiguous = Set.copyOf(ambiguous);
    columns = new LinkedHashMap<>(columns);
  }
}
