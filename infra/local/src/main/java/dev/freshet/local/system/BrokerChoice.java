package dev.freshet.local.system;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which broker a system uses.
 *
 * @param servers of a cluster that runs already, {@code HOST:PORT}, separated by commas; null for a
 *     node that is started with the system
 * @param properties of Kafka's clients: for TLS and SASL
 */
public record BrokerChoice(@Nullable String servers, Map<String, String> properties) {

  public BrokerChoice {
    properties = Map.copyOf(properties);
  }

  @Override
  public String toString() {
    return servers == null ? "its own" : servers; // the properties may hold passwords
  }
}
