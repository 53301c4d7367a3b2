package dev.freshet.gateway.operator;

import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Instances;
import dev.freshet.gateway.report.InstanceStatus;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.ProblemResponses;
import java.util.List;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Takes instances out of use, and into it again. */
public final class InstancesEndpoint {

  private final LiveRoutes live;
  private final Instances instances;
  private final OperatorChanges changes;
  private final ProblemResponses problems;

  public InstancesEndpoint(
      LiveRoutes live, Instances instances, OperatorChanges changes, ProblemResponses problems) {
    this.live = live;
    this.instances = instances;
    this.changes = changes;
    this.problems = problems;
  }

  /** From now on it gets no requests; those that it has go on to their end. */
  Mono<ServerResponse> drain(ServerRequest request) {
    return changes.accept(request, () -> set(request.pathVariable("id"), true));
  }

  /** From now on it gets requests as any other. */
  Mono<ServerResponse> ready(ServerRequest request) {
    return changes.accept(request, () -> set(request.pathVariable("id"), false));
  }

  private Mono<ServerResponse> set(String id, boolean isDrained) {
    List<Instance> named =
        live.instances().stream().filter(instance -> instance.spec().id().equals(id)).toList();
    if (named.isEmpty()) {
      Problem problem =
          Problem.of(
              ProblemCode.NOT_FOUND,
              "There is no instance '%s'; GET /api/status lists them.".formatted(id));
      return problems.status(problem).bodyValue(problem.members());
    }
    instances.drain(id, isDrained);
    return ServerResponse.ok().bodyValue(InstanceStatus.of(named.getFirst()));
  }
}
