package dev.freshet.gateway;

import dev.freshet.gateway.choice.FallbackBudget;
import dev.freshet.gateway.choice.RetryBudget;
import dev.freshet.gateway.filters.FilteredRoutes;
import dev.freshet.gateway.filters.FilteredRoutes.Taken;
import dev.freshet.gateway.filters.Preflights;
import dev.freshet.gateway.forward.AttemptTraces;
import dev.freshet.gateway.forward.Forwarder;
import dev.freshet.gateway.forward.Forwarding;
import dev.freshet.gateway.forward.Mirror;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.openapi.Documents;
import dev.freshet.gateway.pool.OpenApiClient;
import dev.freshet.gateway.pool.PositionClient;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.session.SessionKeys;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.gateway.wire.Wire;
import dev.freshet.runtime.Drain;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.trace.Tracing;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.cloud.gateway.config.GatewayAutoConfiguration;
import org.springframework.cloud.gateway.config.GatewayNoLoadBalancerClientAutoConfiguration;
import org.springframework.cloud.gateway.route.Route;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.server.reactive.HttpHandler;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import tools.jackson.databind.json.JsonMapper;

/** The deployable. */
@Part
@ImportAutoConfiguration({
  GatewayAutoConfiguration.class,
  GatewayNoLoadBalancerClientAutoConfiguration.class
})
@Import({RoutesConfiguration.class, ReportConfiguration.class})
@EnableConfigurationProperties(GatewaySettings.class)
public class Gateway {

  private static final int POSITION_CONNECTIONS = 8;

  /** Below the usual keep-alive of backends (5 s), so that the gateway is the one to close. */
  private static final Duration IDLE_CONNECTION = Duration.ofSeconds(4);

  /** Spring Cloud Gateway's own forwarding is off: {@link RequestPath} takes its place. */
  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "spring.cloud.gateway.server.webflux.global-filter.netty-routing.enabled", "false",
          "spring.cloud.gateway.server.webflux.global-filter.netty-write-response.enabled", "false",
          "spring.cloud.gateway.server.webflux.global-filter.websocket-routing.enabled", "false",
          "spring.cloud.gateway.server.webflux.global-filter.forward-routing.enabled", "false",
          "spring.cloud.gateway.server.webflux.global-filter.forward-path.enabled", "false",
          "spring.cloud.gateway.server.webflux.route-filter-cache-enabled", "true",
          "freshet.front-door", "own",
          // Between two requests of a client; NGINX has the same.
          "server.netty.idle-timeout", "75s");

  /** Starts a gateway and returns once it accepts connections. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    Map<String, Object> settings = new HashMap<>(DEFAULTS);
    settings.putAll(properties);
    return PartContext.start(Gateway.class, "gateway", settings);
  }

  @Bean
  Sessions sessions(GatewaySettings settings) {
    return new Sessions(keys(settings), settings.sessionLifetime(), Clock.systemUTC());
  }

  private static SessionKeys keys(GatewaySettings settings) {
    if (!settings.sessionKeysText().isEmpty()) {
      return SessionKeys.ofText(settings.sessionKeysText());
    }
    return settings.sessionKeys() == null
        ? SessionKeys.madeIn(settings.data().resolve("session-keys"))
        : SessionKeys.ofFile(settings.sessionKeys());
  }

  @Bean(destroyMethod = "dispose")
  ConnectionProvider positionConnections() {
    // Of their own: a full pool must not look like a sick instance.
    return ConnectionProvider.builder("positions")
        .maxConnections(POSITION_CONNECTIONS)
        .maxIdleTime(IDLE_CONNECTION)
        .evictInBackground(IDLE_CONNECTION)
        .build();
  }

  /** For what the gateway itself asks. */
  @Bean
  HttpClient ownClient(ConnectionProvider positionConnections, ReactorResourceFactory resources) {
    return HttpClient.create(positionConnections)
        .runOn(resources.getLoopResources())
        .disableRetry(true);
  }

  @Bean
  PositionClient positionClient(HttpClient ownClient, JsonMapper json) {
    return new PositionClient(ownClient, json);
  }

  @Bean(destroyMethod = "close")
  Tracing tracing(@Value("${server.port}") int port) {
    return Tracing.of("freshet-gateway", "gateway:" + port);
  }

  @Bean
  Forwarding forwarding(GatewaySettings settings, Tracing tracing) {
    return Forwarding.trusting(settings.trustedProxies())
        .telling(tracing.openTelemetry().getPropagators().getTextMapPropagator());
  }

  @Bean
  RequestTraces requestTraces(Tracing tracing, Forwarding forwarding) {
    return new RequestTraces(tracing, forwarding);
  }

  @Bean
  Consumer<Observation> observer(
      MeterRegistry meters, Tracing tracing, RequestTraces traces, GatewaySettings settings) {
    Consumer<Observation> observer = new GatewayMetrics(meters, settings.readObjective());
    if (tracing.isOn()) {
      observer = observer.andThen(traces);
    }
    return settings.accessLog() ? observer.andThen(new AccessLog()) : observer;
  }

  @Bean
  Requirements requirements(Sessions sessions, SystemView system) {
    return new Requirements(sessions, system);
  }

  @Bean
  Answering answering(Sessions sessions, Requirements requirements, SystemView system) {
    return new Answering(sessions, new Placing(requirements, system), system);
  }

  @Bean
  Refusals refusals(
      ProblemResponses problems, Answering answering, Consumer<Observation> observer) {
    return new Refusals(problems, answering, observer);
  }

  @Bean
  RequestPath.Stages stages(
      LiveRoutes routes,
      Requirements requirements,
      SystemView system,
      Answering answering,
      Forwarding forwarding,
      Tracing tracing,
      GatewaySettings settings) {
    return new RequestPath.Stages(
        requirements,
        system,
        new FallbackBudget(settings.fallbacksPerSecond(), settings.fallbacksPerClient()),
        new RetryBudget(),
        forwarding,
        new Forwarder(forwarding, new AttemptTraces(tracing)),
        answering);
  }

  @Bean
  RequestPath requestPath(
      RequestPath.Stages stages,
      Refusals refusals,
      Consumer<Observation> observer,
      GatewaySettings settings) {
    return new RequestPath(stages, refusals, observer, settings.timeout());
  }

  @Bean
  Documents openApiDocuments(HttpClient ownClient, JsonMapper json) {
    return new Documents(new OpenApiClient(ownClient, json), json);
  }

  @Bean
  Intake intake(
      LiveRoutes live,
      RequestPath requestPath,
      RequestPath.Stages stages,
      Refusals refusals,
      Consumer<Observation> observer,
      Documents openApiDocuments,
      GatewaySettings settings,
      Scheduler blockingScheduler) {
    Mirror mirror = new Mirror(stages.forwarding(), settings.timeout());
    return new Intake(
        live,
        requestPath,
        new RateLimiting(stages.forwarding()),
        new Mirroring(mirror, observer),
        openApiDocuments,
        refusals,
        blockingScheduler);
  }

  @Bean
  FilteredRoutes filteredRoutes() {
    return new FilteredRoutes();
  }

  @Bean
  Preflights preflights(FilteredRoutes filteredRoutes) {
    return new Preflights(filteredRoutes);
  }

  /** After the customizer that all parts have. */
  @Bean
  @Order(Ordered.LOWEST_PRECEDENCE)
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> frontDoor(
      Intake intake,
      Refusals refusals,
      RequestTraces traces,
      GatewaySettings settings,
      Drain drain,
      ObjectProvider<HttpHandler> spring) {
    Wire wire = new Wire(settings.head(), settings.clientPatience(), drain::isDraining);
    FrontDoor door =
        new FrontDoor(
            wire, intake, refusals, traces, spring::getObject, settings.maxBody().toBytes());
    return factory -> {
      factory.addServerCustomizers(wire::strict);
      factory.addRouteProviders(door::open);
      // The encoder of answers ends connections while the gateway drains.
      factory.addServerCustomizers(server -> server.mapHandle((handling, connection) -> handling));
    };
  }

  /**
   * One route that takes all: {@link Intake} has found before which of ours it is. What has not
   * come that way, on the operators' port, it leaves alone.
   */
  @Bean
  RouteLocator everything() {
    Route route =
        Route.async()
            .id("freshet")
            .uri("http://freshet")
            .asyncPredicate(
                exchange -> Mono.deferContextual(context -> Mono.just(context.hasKey(Taken.class))))
            .build();
    return () -> Flux.just(route);
  }
}
