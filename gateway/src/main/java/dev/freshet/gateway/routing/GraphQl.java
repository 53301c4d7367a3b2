package dev.freshet.gateway.routing;

import java.util.Map;

/**
 * What a route knows of its GraphQL.
 *
 * @param persisted what queries mean that the backend keeps, by the id or hash that clients send in
 *     their place
 */
public record GraphQl(Map<String, Intent> persisted) {

  public GraphQl {
    persisted = Map.copyOf(persisted);
  }
}
