package dev.freshet.write;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.runtime.ActuatorGate;
import dev.freshet.runtime.ConnectionPool;
import dev.freshet.runtime.Drain;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.PositionEndpoint;
import dev.freshet.runtime.trace.TracedRequests;
import dev.freshet.runtime.trace.Tracing;
import dev.freshet.write.command.CommandPath;
import dev.freshet.write.command.CommandsEndpoint;
import dev.freshet.write.menu.MenuCommands;
import dev.freshet.write.order.OrderCommands;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.json.JsonMapper;

/** The deployable. */
@Part
@EnableConfigurationProperties(WriteSettings.class)
public class WriteBackend {

  /** A primary that is just being found, or starts: tried again after 1, 2, 4 … seconds. */
  private static final int CONNECT_RETRIES = 5;

  /** Positions are only worth something when a commit is on disk before it is acknowledged. */
  private static final String SYNCHRONOUS = "set synchronous_commit = on";

  /** Starts a write-backend and returns once it accepts connections. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    return PartContext.start(WriteBackend.class, "write-backend", properties);
  }

  @Bean(destroyMethod = "close")
  HikariDataSource primary(WriteSettings settings) {
    HikariDataSource pool =
        ConnectionPool.open(
            "freshet-write",
            PostgresUrl.parse(settings.primary()),
            settings.connections(),
            false,
            SYNCHRONOUS);
    try {
      new Migrations(
              Flyway.configure().dataSource(pool).connectRetries(CONNECT_RETRIES).load(),
              "the sample's write-backend")
          .run();
      return pool;
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  @Bean(destroyMethod = "close")
  Tracing tracing(@Value("${server.port}") int port) {
    return Tracing.of("freshet-write-backend", "write-backend:" + port);
  }

  @Bean
  ActuatorGate actuatorGate(
      @Value("${freshet.operator-hosts:}") String names, ProblemResponses problems) {
    return new ActuatorGate(names, problems);
  }

  @Bean
  TracedRequests tracedRequests(Tracing tracing) {
    return new TracedRequests(tracing);
  }

  @Bean
  CommandPath commandPath(
      DataSource primary,
      Tracing tracing,
      ProblemResponses problems,
      JsonMapper json,
      Scheduler blockingScheduler,
      MeterRegistry meters) {
    return new CommandPath(tracing.around(primary), problems, json, blockingScheduler, meters);
  }

  @Bean
  RouterFunction<ServerResponse> menuRoutes(CommandPath path) {
    return MenuCommands.routes(path);
  }

  @Bean
  RouterFunction<ServerResponse> orderRoutes(CommandPath path) {
    return OrderCommands.routes(path);
  }

  @Bean
  RouterFunction<ServerResponse> commandsRoute(MeterRegistry meters) {
    return CommandsEndpoint.route(meters);
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  FreshnessGate freshnessGate(WriteSettings settings) {
    return FreshnessGate.ofPrimary("freshet-write", PostgresUrl.parse(settings.primary()));
  }

  @Bean
  RouterFunction<ServerResponse> positionRoute(
      FreshnessGate gate, Drain drain, Scheduler blockingScheduler) {
    return PositionEndpoint.route(gate, drain, blockingScheduler);
  }
}
