package dev.freshet.sync;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.postgres.ConnectionPool;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.OperatorsAlone;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.runtime.trace.Tracing;
import dev.freshet.sync.control.ControlEndpoint;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.status.ArrivalTraces;
import dev.freshet.sync.status.Observation;
import dev.freshet.sync.status.StatusEndpoint;
import dev.freshet.sync.status.SyncMetrics;
import dev.freshet.sync.status.SyncStatus;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.Map;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;

/** The deployable. */
@Part
@EnableConfigurationProperties({SyncSettings.class, BrokerSettings.class})
@Import(OperatorsAlone.class)
public class SyncBackend {

  private static final int STATUS_CONNECTIONS = 2;

  /**
   * Starts a sync and returns once its status can be asked; it keeps in step on its own.
   *
   * @param more classes with beans of their own; each {@link DeltaListener} among these is told
   *     what changes in the models
   */
  public static ConfigurableApplicationContext start(Map<String, ?> properties, Class<?>... more) {
    return PartContext.start(SyncBackend.class, "cdc-sync", properties, more);
  }

  @Bean
  SyncStatus syncStatus() {
    return new SyncStatus(new SteadyClock());
  }

  @Bean
  SyncMetrics syncMetrics(MeterRegistry meters, SyncStatus status, SyncSettings settings) {
    return new SyncMetrics(
        meters, status, settings.name(), settings.slotName(), settings.log() != null);
  }

  @Bean(destroyMethod = "close")
  Tracing tracing(SyncSettings settings) {
    return Tracing.of("freshet-cdc-sync", settings.name());
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  Synchronizer synchronizer(
      SyncSettings settings,
      BrokerSettings broker,
      SyncStatus status,
      SyncMetrics metrics,
      Tracing tracing,
      ObjectProvider<DeltaListener> listeners) {
    Consumer<Observation> observer = status.andThen(metrics);
    Clock clock = new SteadyClock();
    return new Synchronizer(
        settings,
        SourceAccess.of(settings, broker, clock),
        tracing.isOn()
            ? observer.andThen(new ArrivalTraces(tracing, settings.name(), Clock.systemUTC()))
            : observer,
        listeners.orderedStream().toList(),
        clock);
  }

  @Bean(destroyMethod = "close")
  HikariDataSource statusPool(SyncSettings settings) {
    return ConnectionPool.open(
        "freshet-sync-status",
        PostgresUrl.parse(settings.readDatabase()),
        STATUS_CONNECTIONS,
        true,
        "");
  }

  @Bean
  RouterFunction<ServerResponse> statusRoutes(
      SyncStatus status,
      DataSource statusPool,
      SyncSettings settings,
      MeterRegistry meters,
      Scheduler blockingScheduler) {
    return StatusEndpoint.routes(
        status,
        JdbcClient.create(statusPool),
        settings.name(),
        settings.log(),
        meters,
        blockingScheduler);
  }

  @Bean
  RouterFunction<ServerResponse> controlRoutes(
      Synchronizer synchronizer,
      OperatorChanges changes,
      ProblemResponses problems,
      Scheduler blockingScheduler) {
    return ControlEndpoint.routes(synchronizer, changes, problems, blockingScheduler);
  }
}
