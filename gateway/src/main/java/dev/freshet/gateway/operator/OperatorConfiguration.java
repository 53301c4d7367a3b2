package dev.freshet.gateway.operator;

import dev.freshet.runtime.OperatorGate;
import dev.freshet.runtime.ProblemResponses;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * The operators' endpoints, in the context of the management port. Only the gateway has such a
 * context of its own.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class OperatorConfiguration {

  @Bean
  OperatorGate operatorGate(
      @Value("${management.server.address}") String listen,
      @Value("${freshet.operator-token:}") String token,
      ProblemResponses problems) {
    return new OperatorGate(listen, token, problems);
  }

  @Bean
  RouterFunction<ServerResponse> operatorRoutes(
      StatusReport status, RoutesEndpoint routes, InstancesEndpoint instances) {
    return RouterFunctions.route()
        .GET(
            "/api/status",
            request -> status.now().flatMap(body -> ServerResponse.ok().bodyValue(body)))
        .GET("/api/routes", request -> routes.show())
        .POST("/api/routes/validate", routes::validate)
        .POST("/api/routes/rollback", routes::rollBack)
        .POST("/api/instances/{id}/drain", instances::drain)
        .POST("/api/instances/{id}/ready", instances::ready)
        .POST("/api/explain", routes::explain)
        .build();
  }
}
