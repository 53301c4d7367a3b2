package dev.freshet.gateway.routing;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A filter of Spring Cloud Gateway, as a route names it.
 *
 * @param name as in {@code AddRequestHeader}
 * @param arguments by name; those written in short form are {@code _genkey_0} and so on, as Spring
 *     Cloud Gateway has them
 */
public record FilterSpec(String name, Map<String, String> arguments) {

  public FilterSpec {
    // In their order, which is what Spring Cloud Gateway takes those of the short form by.
    arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
  }

  @Override
  public String toString() {
    return name; // arguments may be secret
  }
}
