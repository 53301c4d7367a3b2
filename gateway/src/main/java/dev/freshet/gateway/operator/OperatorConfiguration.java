package dev.freshet.gateway.operator;

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
  RouterFunction<ServerResponse> operatorRoutes(StatusReport status, RoutesEndpoint routes) {
    return RouterFunctions.route()
        .GET(
            "/api/status",
            request -> status.now().flatMap(body -> ServerResponse.ok().bodyValue(body)))
        .GET("/api/routes", request -> routes.show())
        .POST("/api/routes/validate", routes::validate)
        .POST("/api/routes/rollback", routes::rollBack)
        .POST("/api/explain", routes::explain)
        .build();
  }
}
