package dev.freshet.runtime;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.json.JsonMapper;

/** The beans that every part has. */
@Configuration(proxyBeanMethods = false)
@Import(HttpServers.class)
class PartConfiguration {

  private static final String FRONT_DOOR = "freshet.front-door";

  /**
   * Event loops of the part's own. The global ones end with the first context that closes, while
   * other parts of the same JVM still answer on them.
   */
  @Bean
  ReactorResourceFactory reactorResources() {
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    resources.setShutdownQuietPeriod(Duration.ZERO);
    return resources;
  }

  @Bean
  Drain drain(ApplicationContext context, @Value("${freshet.drain-delay:0s}") Duration drainDelay) {
    return new Drain(context, drainDelay);
  }

  /** Whoever opens a front door of its own sees to the targets itself. */
  @Bean
  @ConditionalOnProperty(name = FRONT_DOOR, havingValue = "spring", matchIfMissing = true)
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> plainTargets(
      ObjectProvider<HttpHandler> spring) {
    return factory ->
        factory.addRouteProviders(
            routes ->
                routes.route(
                    request -> !PlainTarget.isPlain(request.uri()),
                    (request, response) ->
                        new ReactorHttpHandlerAdapter(spring.getObject())
                            .apply(PlainTarget.of(request), response)));
  }

  /** Where blocking work runs: a virtual thread for each task. */
  @Bean(destroyMethod = "dispose")
  Scheduler blockingScheduler() {
    return Schedulers.fromExecutorService(Executors.newVirtualThreadPerTaskExecutor(), "blocking");
  }

  @Bean
  ProblemResponses problemResponses(JsonMapper json) {
    return new ProblemResponses(json);
  }

  @Bean
  OperatorChanges operatorChanges() {
    return new OperatorChanges(Clock.systemUTC());
  }

  @Bean
  UnhandledFailures unhandledFailures(ProblemResponses problems) {
    return new UnhandledFailures(problems);
  }
}
