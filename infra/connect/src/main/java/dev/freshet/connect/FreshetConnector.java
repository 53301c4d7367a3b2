package dev.freshet.connect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;
import org.jspecify.annotations.Nullable;

/**
 * Runs a publisher in Kafka Connect: one task publishes, and each further one stands by to take
 * over within a second. The log itself says how far it is, so nothing of it is in Connect's topics.
 */
public final class FreshetConnector extends SourceConnector {

  private Map<String, String> settings = Map.of();

  @Override
  public String version() {
    return String.valueOf(FreshetConnector.class.getPackage().getImplementationVersion());
  }

  @Override
  public ConfigDef config() {
    return ConnectorSettings.DEFINITION;
  }

  /** Reports the errors of each setting. */
  @Override
  public Config validate(Map<String, String> settings) {
    Config config = super.validate(settings);
    if (config.configValues().stream().allMatch(value -> value.errorMessages().isEmpty())) {
      new ConnectorSettings(settings)
          .unsafe()
          .ifPresent(
              why ->
                  config.configValues().stream()
                      .filter(value -> value.name().equals(ConnectorSettings.OPERATOR_TOKEN))
                      .forEach(value -> value.addErrorMessage(why)));
    }
    return config;
  }

  @Override
  public void start(Map<String, String> settings) {
    this.settings = new HashMap<>(settings); // values may be null
  }

  @Override
  public Class<? extends Task> taskClass() {
    return FreshetTask.class;
  }

  /** One for each task, which differ in the port. */
  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    ConnectorSettings connector = new ConnectorSettings(settings);
    return IntStream.range(0, maxTasks).mapToObj(connector::ofTask).toList();
  }

  /** The publisher writes with transactions of its own, whatever a worker is set to. */
  @Override
  public @Nullable ExactlyOnceSupport exactlyOnceSupport(Map<String, String> settings) {
    return ExactlyOnceSupport.SUPPORTED;
  }

  @Override
  public void stop() {
    // The tasks do.
  }
}
