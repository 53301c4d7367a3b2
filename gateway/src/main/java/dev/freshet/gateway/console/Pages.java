package dev.freshet.gateway.console;

import java.util.Set;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** The console's page and its modules, styles and vendored libraries; and the runbook. */
public final class Pages {

  /** Paths below which there is nothing that is not in the jar for all to see. */
  public static final Set<String> OPEN = Set.of("/", "/console/", "/runbook");

  private Pages() {}

  /** Serves them. */
  public static RouterFunction<ServerResponse> routes() {
    ClassPathResource index = new ClassPathResource("console/index.html");
    String runbook = Runbook.html();
    return RouterFunctions.route()
        .GET("/", request -> page().bodyValue(index))
        .GET("/runbook", request -> page().bodyValue(runbook))
        .resources("/console/**", new ClassPathResource("console/"))
        .build();
  }

  private static ServerResponse.BodyBuilder page() {
    return ServerResponse.ok().contentType(MediaType.TEXT_HTML);
  }
}
