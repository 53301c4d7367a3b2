package dev.freshet.sync.publish;

import dev.freshet.runtime.OperatorsAlone;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.sync.BrokerSettings;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.status.SyncStatus;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;

/** The deployable. */
@Part
@EnableConfigurationProperties({PublishSettings.class, BrokerSettings.class})
@Import(OperatorsAlone.class)
public class PublishBackend {

  /** Starts a publisher and returns once its status can be asked; it publishes on its own. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    return PartContext.start(PublishBackend.class, "publisher", properties);
  }

  /**
   * The same in a process that is not ours, such as a worker of Kafka Connect.
   *
   * @throws RuntimeException with a {@code PortInUseException} among its causes when its port is
   *     taken
   */
  public static ConfigurableApplicationContext startWithin(Map<String, ?> properties) {
    return PartContext.startWithin(PublishBackend.class, "publisher", properties);
  }

  @Bean
  SyncStatus publishStatus() {
    return new SyncStatus(new SteadyClock());
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  LogAge logAge(PublishSettings settings, BrokerSettings broker) {
    return new LogAge(settings.address().access(broker.properties()), new SteadyClock());
  }

  @Bean
  PublishMetrics publishMetrics(
      MeterRegistry meters, SyncStatus status, LogAge age, PublishSettings settings) {
    return new PublishMetrics(meters, status, age, settings.name(), settings.slot());
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  Publishing publishing(
      PublishSettings settings, BrokerSettings broker, SyncStatus status, PublishMetrics metrics) {
    Path models = settings.models();
    Consumer<ChangeSource> beside =
        models == null ? source -> {} : new ModelViewsKeeper(models, status);
    return new Publishing(
        settings,
        settings.address().access(broker.properties()),
        beside,
        status.andThen(metrics),
        metrics::written,
        new SteadyClock());
  }

  @Bean
  RouterFunction<ServerResponse> publisherRoutes(
      SyncStatus status, LogAge age, PublishSettings settings) {
    return PublisherEndpoint.routes(status, age, settings);
  }
}
