package dev.freshet.gateway.routing.file;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which variables a text used, so that messages can show their names instead of their
 * values.
 */
public final class KnownVariables implements Surroundings.Variables {

  /** Anything shorter is no secret, and stands in many a word. */
  private static final int SHORTEST_SECRET = 4;

  private final Surroundings.Variables variables;
  private final Map<String, String> asked = new ConcurrentHashMap<>();

  /** Asks these. */
  public KnownVariables(Surroundings.Variables variables) {
    this.variables = variables;
  }

  @Override
  public @Nullable String get(String name) {
    String value = variables.get(name);
    if (value != null && value.length() >= SHORTEST_SECRET) {
      asked.put(name, value);
    }
    return value;
  }

  /** The text with the names of variables where it has their values. */
  public String withoutValues(String text) {
    String told = text;
    // The longest first: a value may be a part of another one.
    List<Map.Entry<String, String>> longestFirst = new ArrayList<>(asked.entrySet());
    longestFirst.sort(
        Comparator.comparingInt(
                (Map.Entry<String, String> variable) -> variable.getValue().length())
            .reversed());
    for (Map.Entry<String, String> variable : longestFirst) {
      told = told.replace(variable.getValue(), "${%s}".formatted(variable.getKey()));
    }
    return told;
  }
}
