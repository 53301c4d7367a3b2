package dev.freshet.runtime;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerResponse;
import tools.jackson.databind.json.JsonMapper;

/** The beans that every part has. */
@Configuration(proxyBeanMethods = false)
class PartConfiguration {

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

  /** Whatever answers here may do so on the spot, and for the last time on its connection. */
  @Bean
  @Order(0)
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> laterTurn(Drain drain) {
    return factory ->
        factory.addServerCustomizers(
            server ->
                server.mapHandle(
                    (handling, connection) -> {
                      if (drain.isDraining() && connection instanceof HttpServerResponse answer) {
                        answer.keepAlive(false);
                      }
                      return LaterTurn.of(handling, connection.channel().eventLoop());
                    }));
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
