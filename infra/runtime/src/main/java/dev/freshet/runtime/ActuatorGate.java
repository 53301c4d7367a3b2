package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import java.util.Optional;
import org.springframework.http.server.PathContainer;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Stands before what a backend has for operators on the port that gateways ask: all of {@code
 * /actuator} but the two probes. Host and Origin are asked for as on a port for operators ({@link
 * OperatorGate}). Everything else there, {@code /.freshet} included, is asked by gateways, which
 * come by whatever name their routes have for the backend.
 */
public final class ActuatorGate implements WebFilter {

  private static final String BASE = "actuator";

  private final OperatorRequests requests;
  private final ProblemResponses problems;

  /**
   * Guards a backend's port.
   *
   * @param names that it is asked by, beside addresses and {@code localhost}, with commas between
   *     them
   * @throws IllegalArgumentException when one is no host's name
   */
  public ActuatorGate(String names, ProblemResponses problems) {
    this.requests = OperatorRequests.under(names);
    this.problems = problems;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    PathContainer path = exchange.getRequest().getPath().pathWithinApplication();
    if (!isBelowBase(path) || OperatorRequests.isProbe(path.value())) {
      return chain.filter(exchange);
    }
    Optional<Problem> objection = requests.objection(exchange.getRequest());
    return objection.isPresent()
        ? problems.write(exchange.getResponse(), objection.get())
        : chain.filter(exchange);
  }

  /** By the segment as Spring's own mappings compare it: decoded, and without parameters. */
  private static boolean isBelowBase(PathContainer path) {
    for (PathContainer.Element element : path.elements()) {
      if (element instanceof PathContainer.PathSegment segment
          && !segment.valueToMatch().isEmpty()) {
        return segment.valueToMatch().equals(BASE);
      }
    }
    return false;
  }
}
