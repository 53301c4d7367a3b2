package dev.freshet.gateway.routing.file;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Variables of the environment that remembers which ones were asked for, so that what they stand
 * for can be left out of what is told of a text.
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
    for (Map.Entry<String, String> variable : asked.entrySet()) {
      told = told.replace(variable.getValue(), "${%s}".formatted(variable.getKey()));
    }
    return told;
  }
}
