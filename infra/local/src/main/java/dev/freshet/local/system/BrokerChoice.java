package dev.freshet.local.system;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which broker a system uses.
 *
 * @param servers of a cluster that runs already, {@code HOST:PORT}, separated by commas; null for a
 *     node that is started with the system
 * @param properties of Kafka's clients: for TLS and SASL
 * @param topics tables that have a topic each for other teams
 * @param outbox a table of messages; null for none
 * @param inConnect whether Kafka Connect publishes, in workers that are started with the system
 */
public record BrokerChoice(
    @Nullable String servers,
    Map<String, String> properties,
    List<String> topics,
    @Nullable String outbox,
    boolean inConnect) {

  public BrokerChoice {
    properties = Map.copyOf(properties);
    topics = List.copyOf(topics);
  }

  /** Whether there is something to publish without any model. */
  boolean hasTopics() {
    return !topics.isEmpty() || outbox != null;
  }

  @Override
  public String toString() {
    return servers == null ? "its own" : servers; // the properties may hold passwords
  }
}
