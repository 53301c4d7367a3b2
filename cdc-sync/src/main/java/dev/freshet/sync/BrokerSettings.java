package dev.freshet.sync;

import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How a broker is talked to.
 *
 * @param properties of Kafka's clients: TLS and SASL, mostly
 */
@ConfigurationProperties("freshet.broker")
public record BrokerSettings(@DefaultValue Map<String, String> properties) {

  @Override
  public String toString() {
    return "BrokerSettings"; // the properties may hold passwords
  }
}
