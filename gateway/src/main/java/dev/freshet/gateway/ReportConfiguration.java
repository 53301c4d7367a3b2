package dev.freshet.gateway;

import dev.freshet.gateway.console.EventStream;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.operator.AuditEndpoint;
import dev.freshet.gateway.operator.Explanation;
import dev.freshet.gateway.operator.HistoryEndpoint;
import dev.freshet.gateway.operator.InstancesEndpoint;
import dev.freshet.gateway.operator.RoutesEndpoint;
import dev.freshet.gateway.operator.SyncsEndpoint;
import dev.freshet.gateway.pool.CommandsClient;
import dev.freshet.gateway.pool.HealthChecks;
import dev.freshet.gateway.pool.Instances;
import dev.freshet.gateway.report.StatusReport;
import dev.freshet.gateway.report.Syncs;
import dev.freshet.gateway.report.Ticker;
import dev.freshet.gateway.report.TrafficReport;
import dev.freshet.gateway.report.UnusableCommands;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.ProblemResponses;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.function.Consumer;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;
import reactor.netty.http.client.HttpClient;
import tools.jackson.databind.json.JsonMapper;

/** What operators see and do. */
@Configuration(proxyBeanMethods = false)
class ReportConfiguration {

  @Bean
  Syncs syncs(
      LiveRoutes live,
      SystemView system,
      GatewaySettings settings,
      HttpClient ownClient,
      JsonMapper json,
      @Value("${freshet.operator-token:}") String operatorToken) {
    return new Syncs(
        live, system, settings.sync(), settings.publish(), operatorToken, ownClient, json);
  }

  @Bean
  StatusReport statusReport(
      LiveRoutes live,
      RoutesLoader loader,
      Syncs syncs,
      HttpClient ownClient,
      JsonMapper json,
      MeterRegistry meters,
      GatewaySettings settings) {
    return new StatusReport(
        live,
        loader,
        syncs,
        new UnusableCommands(
            live, new CommandsClient(ownClient, json, FreshetHeaders.DECLARED_COMMANDS_PATH)),
        meters,
        settings.readObjective());
  }

  @Bean
  TrafficReport trafficReport(
      MeterRegistry meters,
      LiveRoutes live,
      HttpClient ownClient,
      JsonMapper json,
      Scheduler blockingScheduler) {
    return new TrafficReport(
        meters,
        live,
        new CommandsClient(ownClient, json, FreshetHeaders.COMMANDS_PATH),
        blockingScheduler);
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  Ticker ticker(
      StatusReport status,
      TrafficReport traffic,
      Syncs syncs,
      LiveRoutes live,
      HealthChecks checks,
      Consumer<Observation> observer,
      Scheduler blockingScheduler) {
    return new Ticker(
        status,
        traffic,
        syncs,
        live,
        () ->
            observer.accept(
                new Observation.InstancesSeen(live.instances(), live.usedPools(), live.primary())),
        checks::attend,
        blockingScheduler,
        Clock.systemUTC());
  }

  @Bean
  EventStream eventStream(Ticker ticker, JsonMapper json, ProblemResponses problems) {
    return new EventStream(ticker, json, problems);
  }

  @Bean
  HistoryEndpoint historyEndpoint(Ticker ticker, ProblemResponses problems) {
    return new HistoryEndpoint(ticker, problems);
  }

  @Bean
  RoutesEndpoint routesEndpoint(
      RoutesLoader loader,
      LiveRoutes live,
      Requirements requirements,
      SystemView system,
      OperatorChanges changes,
      ProblemResponses problems,
      Scheduler blockingScheduler) {
    return new RoutesEndpoint(
        loader, new Explanation(live, requirements, system), changes, problems, blockingScheduler);
  }

  @Bean
  InstancesEndpoint instancesEndpoint(
      LiveRoutes live, Instances instances, OperatorChanges changes, ProblemResponses problems) {
    return new InstancesEndpoint(live, instances, changes, problems);
  }

  @Bean
  AuditEndpoint auditEndpoint(OperatorChanges changes, Syncs syncs) {
    return new AuditEndpoint(changes, syncs);
  }

  @Bean
  SyncsEndpoint syncsEndpoint(Syncs syncs, OperatorChanges changes, ProblemResponses problems) {
    return new SyncsEndpoint(syncs, changes, problems);
  }
}
