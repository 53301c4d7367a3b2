package dev.freshet.gateway.operator;

import dev.freshet.gateway.console.EventStream;
import dev.freshet.gateway.console.Pages;
import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.openapi.Documents;
import dev.freshet.gateway.report.StatusReport;
import dev.freshet.gateway.report.Ticker;
import dev.freshet.gateway.report.TrafficReport;
import dev.freshet.runtime.HttpServers;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.runtime.ProblemResponses;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/**
 * The operators' endpoints, in the context of the management port. Only the gateway has such a
 * context of its own.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@Import(HttpServers.class)
class OperatorConfiguration {

  @Bean
  OperatorGate operatorGate(
      @Value("${management.server.address}") String listen,
      @Value("${freshet.operator-hosts:}") String names,
      @Value("${freshet.operator-token:}") String token,
      ProblemResponses problems) {
    return new OperatorGate(listen, names, token, Pages.OPEN, problems);
  }

  /** What there is to see. */
  @Bean
  RouterFunction<ServerResponse> reportRoutes(
      StatusReport status,
      TrafficReport traffic,
      Ticker ticker,
      HistoryEndpoint history,
      EventStream stream,
      AuditEndpoint audit,
      Documents openApiDocuments,
      LiveRoutes live) {
    return RouterFunctions.route()
        .GET(
            "/api/status",
            request -> status.now().flatMap(body -> ServerResponse.ok().bodyValue(body)))
        .GET(
            "/api/traffic",
            request -> traffic.now().flatMap(body -> ServerResponse.ok().bodyValue(body)))
        .GET(
            "/api/flow",
            request ->
                ticker
                    .last()
                    .flatMap(look -> ServerResponse.ok().bodyValue(look.flow()))
                    .switchIfEmpty(Mono.defer(() -> ServerResponse.status(503).build())))
        .GET("/api/history", history::show)
        .GET("/api/stream", stream::open)
        .GET("/api/audit", audit::show)
        .GET(
            "/api/openapi.json",
            request ->
                Mono.using(live::enter, openApiDocuments::of, Generation::leave)
                    .flatMap(
                        document ->
                            ServerResponse.ok()
                                .contentType(MediaType.APPLICATION_JSON)
                                .bodyValue(document)))
        .build();
  }

  @Bean
  RouterFunction<ServerResponse> pages() {
    return Pages.routes();
  }

  @Bean
  RouterFunction<ServerResponse> syncRoutes(SyncsEndpoint syncs) {
    return syncs.routes();
  }

  /** What operators ask and have done. */
  @Bean
  RouterFunction<ServerResponse> operatorRoutes(
      RoutesEndpoint routes, InstancesEndpoint instances) {
    return RouterFunctions.route()
        .GET("/api/routes", request -> routes.show())
        .POST("/api/routes/validate", routes::validate)
        .POST("/api/routes/rollback", routes::rollBack)
        .POST("/api/instances/{id}/drain", instances::drain)
        .POST("/api/instances/{id}/ready", instances::ready)
        .POST("/api/explain", routes::explain)
        .build();
  }
}
