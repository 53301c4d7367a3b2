package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Lets operators change something, but not web pages in their stead; all of it is audited. */
public final class OperatorChanges {

  private static final Logger audit = LoggerFactory.getLogger("freshet.audit");

  private final ProblemResponses problems;

  OperatorChanges(ProblemResponses problems) {
    this.problems = problems;
  }

  /** Makes a change that is asked for, or refuses it. */
  public Mono<ServerResponse> accept(ServerRequest request, Supplier<Mono<ServerResponse>> change) {
    Optional<String> objection = OperatorRequests.objection(request);
    if (objection.isPresent()) {
      Problem problem = Problem.of(ProblemCode.FORBIDDEN, objection.get());
      return problems.status(problem).bodyValue(problem.members());
    }
    return change
        .get()
        .doOnNext(answer -> log(request, answer.statusCode().toString()))
        .doOnError(failure -> log(request, failure.toString()));
  }

  private static void log(ServerRequest request, String outcome) {
    audit.info(
        "{} {} by {}: {}",
        request.method(),
        request.uri().getRawPath(), // decoded, it could hold lines of its own
        request.remoteAddress().map(Object::toString).orElse("unknown"),
        outcome);
  }
}
