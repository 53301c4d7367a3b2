package dev.freshet.read;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.postgres.ConnectionPool;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.SourceKind;
import dev.freshet.read.event.EventLog;
import dev.freshet.read.event.EventSignals;
import dev.freshet.read.openapi.OpenApiPages;
import dev.freshet.read.sql.SqlStore;
import dev.freshet.read.store.ModelStore;
import dev.freshet.runtime.ActuatorGate;
import dev.freshet.runtime.Drain;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.runtime.claims.ClaimsKeys;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.PositionEndpoint;
import dev.freshet.runtime.source.Source;
import dev.freshet.runtime.trace.TracedRequests;
import dev.freshet.runtime.trace.Tracing;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.RequestPredicate;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;

/** The deployable. */
@Part
@EnableConfigurationProperties(ReadSettings.class)
public class ReadBackend {

  /**
   * A read that is given up closes its connection; the query ends soon after, where the server's
   * platform can tell (Linux and a few more).
   */
  private static final String NOTICES_WHO_GOES_AWAY =
      "do $$ begin set client_connection_check_interval = 500; exception when others then null; end"
          + " $$";

  /** Starts a read-backend and returns once it accepts connections. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    return PartContext.start(
        ReadBackend.class, String.valueOf(properties.get("freshet.read.id")), properties);
  }

  @Bean(destroyMethod = "close")
  HikariDataSource pool(ReadSettings settings) {
    return ConnectionPool.open(
        settings.id(),
        PostgresUrl.parse(settings.source()),
        settings.connections(),
        true,
        "set default_transaction_read_only = on; "
            + NOTICES_WHO_GOES_AWAY
            + "; set statement_timeout = "
            + settings.statementTimeout().toMillis());
  }

  @Bean
  Source source(ReadSettings settings) {
    return Source.of(SourceKind.parse(settings.kind()));
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  FreshnessGate freshnessGate(Source source, ReadSettings settings) {
    return FreshnessGate.of(source, settings.id(), PostgresUrl.parse(settings.source()));
  }

  @Bean(destroyMethod = "close")
  Tracing tracing(ReadSettings settings) {
    return Tracing.of("freshet-read-backend", settings.id());
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
  ModelStore store(
      ReadSettings settings,
      Source source,
      DataSource pool,
      Tracing tracing,
      Scheduler blockingScheduler) {
    return new SqlStore(
        source,
        /* traced= */ tracing.around(pool),
        /* untraced= */ pool,
        new SqlStore.Limits(
            settings.rowCap(),
            settings.byteCap().toBytes(),
            settings.costCeiling(),
            // The other half answers what is short.
            Math.max(1, settings.connections() / 2),
            settings.statementTimeout()),
        new SteadyClock(),
        blockingScheduler);
  }

  @Bean
  ReadPath readPath(
      ReadSettings settings,
      ModelStore store,
      FreshnessGate gate,
      ProblemResponses problems,
      Scheduler blockingScheduler) {
    return new ReadPath(
        store,
        gate,
        new Askers(
            settings.claimsKey() == null ? null : ClaimsKeys.ofFile(settings.claimsKey()),
            settings.roles(),
            settings.role()),
        new Rejections(problems, settings.errors() == ReadSettings.Errors.POSTGREST),
        blockingScheduler);
  }

  @Bean(destroyMethod = "close")
  EventSignals eventSignals(ReadSettings settings) {
    return new EventSignals(settings.id(), PostgresUrl.parse(settings.source()));
  }

  @Bean
  EventPath eventPath(
      Source source,
      DataSource pool,
      EventSignals signals,
      FreshnessGate gate,
      Drain drain,
      ProblemResponses problems,
      Scheduler blockingScheduler) {
    return new EventPath(
        source.kind(),
        new EventLog(pool),
        signals,
        gate,
        drain.begun(),
        new Rejections(problems, false),
        blockingScheduler);
  }

  @Bean
  RouterFunction<ServerResponse> routes(
      ReadPath path,
      EventPath events,
      FreshnessGate gate,
      Drain drain,
      Scheduler blockingScheduler) {
    return RouterFunctions.route()
        .add(PositionEndpoint.route(gate, drain, blockingScheduler))
        .GET(FreshetHeaders.EVENTS_PATH, events::follow)
        .route(
            RequestPredicates.methods(HttpMethod.GET, HttpMethod.HEAD)
                .and(RequestPredicates.path(OpenApiPages.DOCUMENT)),
            path::document)
        .add(OpenApiPages.page())
        .route(reads("/{model}"), path::rows)
        .route(reads("/{model}/{*key}"), path::row)
        .OPTIONS("/{model}", path::options)
        .OPTIONS("/{model}/{*key}", path::options)
        .route(RequestPredicates.path("/{model}"), path::notAllowed)
        .route(RequestPredicates.path("/{model}/{*key}"), path::notAllowed)
        .route(RequestPredicates.all(), path::notFound)
        .build();
  }

  /** GET, HEAD, whose answer the server sends without its body, and QUERY. */
  private static RequestPredicate reads(String pattern) {
    return RequestPredicates.methods(HttpMethod.GET, HttpMethod.HEAD, ReadMethods.QUERY)
        .and(RequestPredicates.path(pattern));
  }
}
