package dev.freshet.read;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.read.openapi.OpenApiPages;
import dev.freshet.read.store.ModelStore;
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
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
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
@Import({SqlCopy.class, SearchCopy.class})
public class ReadBackend {

  /** Starts a read-backend and returns once it accepts connections. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    return PartContext.start(
        ReadBackend.class, String.valueOf(properties.get("freshet.read.id")), properties);
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

  @Bean
  RouterFunction<ServerResponse> routes(
      ReadPath path,
      Subscriptions events,
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
