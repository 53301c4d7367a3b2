package dev.freshet.write;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.postgres.ConnectionPool;
import dev.freshet.postgres.IdempotencyTable;
import dev.freshet.postgres.NotConnected;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.RootCause;
import dev.freshet.runtime.ActuatorGate;
import dev.freshet.runtime.Drain;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.claims.ClaimsKeys;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.PositionEndpoint;
import dev.freshet.runtime.trace.TracedRequests;
import dev.freshet.runtime.trace.Tracing;
import dev.freshet.runtime.watch.Watch;
import dev.freshet.write.run.Audit;
import dev.freshet.write.run.Keys;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.json.JsonMapper;

/** The deployable. */
@Part
@EnableConfigurationProperties(WriteSettings.class)
public class WriteBackend {

  private static final Logger log = LoggerFactory.getLogger(WriteBackend.class);

  /** A primary may be starting, or a replica of it being promoted. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Positions are only worth something when a commit is on disk before it is acknowledged. */
  private static final String SYNCHRONOUS = "set synchronous_commit = on";

  /** Files may be on a volume that gives no notice of changes. */
  private static final Duration LOOKED_AT_EVERY = Duration.ofSeconds(1);

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
      awaitPrimary(pool);
      if (settings.schema() != null) {
        new Migrations(
                Flyway.configure()
                    .dataSource(pool)
                    .locations("filesystem:" + settings.schema())
                    .load(),
                settings.schema().toString())
            .run();
      }
      makeKeys(pool);
      return pool;
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  /** Without it, requests with an Idempotency-Key are refused; the others are served. */
  private static void makeKeys(DataSource pool) {
    try (Connection connection = pool.getConnection()) {
      IdempotencyTable.make(connection);
    } catch (SQLException e) {
      log.warn(
          "The table of idempotency keys can't be made: {}. Give the login CREATE on the database, or have somebody run: {}",
          e.getMessage(),
          IdempotencyTable.SQL);
    }
  }

  /** Waits for a primary that can't be reached; one that refuses the login will go on doing so. */
  private static void awaitPrimary(DataSource pool) {
    long began = System.nanoTime();
    String told = "";
    while (true) {
      try {
        pool.getConnection().close();
        return;
      } catch (SQLException e) {
        String why = RootCause.message(e);
        boolean isOver = System.nanoTime() - began > PATIENCE.toNanos();
        if (isOver || NotConnected.in(e).filter(NotConnected::isLoginRefused).isPresent()) {
          throw new IllegalStateException(why, e);
        }
        if (!why.equals(told)) {
          told = why;
          log.warn("Waiting for the primary: {}", why);
        }
      }
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
  Audit audit(WriteSettings settings) {
    return new Audit(settings.audit());
  }

  @Bean(initMethod = "start")
  Commands commands(WriteSettings settings, DataSource primary, Audit audit) {
    return new Commands(settings.commands(), primary, audit);
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  Watch commandsWatch(Commands commands) {
    return new Watch("commands", LOOKED_AT_EVERY, commands::look);
  }

  @Bean
  CommandPath commandPath(
      WriteSettings settings,
      DataSource primary,
      Audit audit,
      Tracing tracing,
      ProblemResponses problems,
      JsonMapper json,
      Scheduler blockingScheduler,
      MeterRegistry meters) {
    return new CommandPath(
        tracing.around(primary),
        new Clients(
            settings.claimsKey() == null ? null : ClaimsKeys.ofFile(settings.claimsKey()),
            settings.roles(),
            settings.role()),
        new Keys(settings.idempotencyRetention()),
        audit,
        problems,
        json,
        blockingScheduler,
        meters);
  }

  @Bean
  RouterFunction<ServerResponse> commandRoutes(
      Commands commands, CommandPath path, ProblemResponses problems) {
    return new CommandRoutes(commands, path, problems).routes();
  }

  @Bean
  @Order(Ordered.HIGHEST_PRECEDENCE)
  RouterFunction<ServerResponse> ratesRoute(MeterRegistry meters, Commands commands) {
    return CommandRates.route(meters).and(CommandsEndpoint.route(commands));
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
