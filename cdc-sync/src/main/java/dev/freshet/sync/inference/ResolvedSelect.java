package dev.freshet.sync.inference;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A SELECT as PostgreSQL understood it.
 *
 * @param text with every name resolved
 * @param columns of the result, in order, with their types
 * @param meaning changes when the same declaration comes to mean something else
 */
public record ResolvedSelect(String text, Map<String, String> columns, String meaning) {

  /** Copies the columns, in their order. */
  public ResolvedSelect {
    columns = new LinkedHashMap<>(columns);
  }
}
