package dev.freshet.gateway;

import dev.freshet.gateway.access.TokenCheck;
import dev.freshet.gateway.filters.FilterCatalogue;
import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.live.RoutesWatch;
import dev.freshet.gateway.pool.Connections;
import dev.freshet.gateway.pool.Databases;
import dev.freshet.gateway.pool.HealthChecks;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Instances;
import dev.freshet.gateway.pool.PositionClient;
import dev.freshet.gateway.pool.PrimaryPositions;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.file.RoutesFile;
import dev.freshet.gateway.routing.file.Surroundings;
import dev.freshet.gateway.routing.file.Surroundings.Exposure;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.gateway.wire.BackendWire;
import dev.freshet.runtime.claims.ClaimsKeys;
import java.net.InetAddress;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.cloud.gateway.filter.factory.GatewayFilterFactory;
import org.springframework.cloud.gateway.support.ConfigurationService;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.core.scheduler.Scheduler;
import reactor.netty.resources.ConnectionProvider;

/** The routes in force, the instances behind them, and what is known of the system. */
@Configuration(proxyBeanMethods = false)
class RoutesConfiguration {

  @Bean
  LiveRoutes liveRoutes() {
    return new LiveRoutes();
  }

  @Bean
  SystemView systemView(LiveRoutes live, PositionClient positionClient) {
    return new SystemView(
        new PrimaryPositions(
            () -> live.current().flatMap(Generation::primary), live::instances, positionClient));
  }

  @Bean
  HealthChecks healthChecks(PositionClient positionClient, SystemView system) {
    return new HealthChecks(positionClient, system);
  }

  @Bean
  Instances instances(
      HealthChecks checks, GatewaySettings settings, ReactorResourceFactory resources) {
    BackendWire wire = new BackendWire(settings.maxAnswerHeaders());
    return new Instances(
        spec ->
            new Instance(
                spec,
                Databases.of(spec),
                new Connections(
                    spec, settings.connectTimeout(), wire, resources.getLoopResources()),
                Clock.systemUTC()),
        checks);
  }

  @Bean
  FilterCatalogue filterCatalogue(
      List<GatewayFilterFactory<?>> factories, ConfigurationService configuration) {
    return new FilterCatalogue(factories, configuration);
  }

  @Bean
  RoutesLoader routesLoader(
      GatewaySettings settings,
      FilterCatalogue catalogue,
      Instances instances,
      LiveRoutes live,
      Consumer<Observation> observer,
      Scheduler blockingScheduler,
      @Value("${server.address}") InetAddress listen) {
    ClaimsKeys claims =
        settings.claimsKey() == null ? null : ClaimsKeys.ofFile(settings.claimsKey());
    RoutesLoader loader =
        new RoutesLoader(
            new Surroundings(
                RoutesFile.folder(settings.routes()),
                System::getenv,
                settings.pools(),
                catalogue,
                new Exposure(listen, settings.insecure())),
            new RoutesLoader.Sources(
                catalogue,
                instances,
                issuer -> new TokenCheck(issuer, blockingScheduler, Clock.systemUTC(), claims)),
            live,
            outcome ->
                observer.accept(
                    switch (outcome) {
                      case RoutesLoader.Loaded loaded ->
                          new Observation.RoutesInForce(
                              loaded.edition().generation(), routeIds(live), live.instances());
                      case RoutesLoader.Refused refused -> new Observation.RoutesRefused();
                    }),
            Clock.systemUTC());
    loader.start(RoutesFile.text(settings.routes()));
    return loader;
  }

  private static Set<String> routeIds(LiveRoutes live) {
    return live.current().stream()
        .flatMap(now -> now.routes().all().stream())
        .map(Route::id)
        .collect(Collectors.toSet());
  }

  @Bean
  LastThings lastThings(
      RoutesWatch watch, RoutesLoader loader, ConnectionProvider positionConnections) {
    return new LastThings(watch, loader, positionConnections);
  }

  @Bean(initMethod = "start")
  RoutesWatch routesWatch(GatewaySettings settings, RoutesLoader loader) {
    return new RoutesWatch(settings.routes(), loader);
  }
}
