package dev.freshet.sync.follow;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import dev.freshet.sync.search.SinkFailed;
import dev.freshet.sync.verify.Difference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** {@code GET /api/follower} and {@code POST /api/models/NAME/verify}. */
final class FollowEndpoint {

  private final SearchFollower follower;
  private final FollowerStatus status;
  private final FollowSettings settings;
  private final ProblemResponses problems;
  private final Scheduler blocking;

  private FollowEndpoint(
      SearchFollower follower,
      FollowerStatus status,
      FollowSettings settings,
      ProblemResponses problems,
      Scheduler blocking) {
    this.follower = follower;
    this.status = status;
    this.settings = settings;
    this.problems = problems;
    this.blocking = blocking;
  }

  static RouterFunction<ServerResponse> routes(
      SearchFollower follower,
      FollowerStatus status,
      FollowSettings settings,
      ProblemResponses problems,
      Scheduler blocking) {
    FollowEndpoint endpoint = new FollowEndpoint(follower, status, settings, problems, blocking);
    return RouterFunctions.route()
        .GET("/api/follower", request -> ServerResponse.ok().bodyValue(endpoint.follower()))
        .POST("/api/models/{name}/verify", endpoint::verify)
        .build();
  }

  private Map<String, @Nullable Object> follower() {
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("store", settings.store());
    body.put("search", settings.search());
    body.putAll(status.state().body(status.lagSeconds()));
    body.put("rejected", status.rejections());
    return body;
  }

  private Mono<ServerResponse> verify(ServerRequest request) {
    String model = request.pathVariable("name");
    return Mono.fromCallable(
            () -> RequestScope.during(request, () -> body(follower.compare(model))))
        .subscribeOn(blocking)
        .flatMap(body -> ServerResponse.ok().bodyValue(body))
        .onErrorResume(
            failure ->
                switch (failure) {
                  case NoSuchElementException e ->
                      refuse(ProblemCode.UNKNOWN_MODEL, e.getMessage() + ".");
                  case Comparisons.Refused e ->
                      refuse(ProblemCode.CONFLICT, String.valueOf(e.getMessage()));
                  case SinkFailed e ->
                      refuse(
                          ProblemCode.DATABASE_UNAVAILABLE,
                          "The rows can't be read from the store: %s".formatted(e.getMessage()));
                  default -> Mono.error(failure);
                });
  }

  private Mono<ServerResponse> refuse(ProblemCode code, String message) {
    Problem problem = Problem.of(code, message);
    return problems.status(problem).bodyValue(problems.body(problem));
  }

  private Map<String, Object> body(Comparisons.Compared compared) {
    Difference difference = compared.difference();
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", difference.what());
    body.put("store", settings.store());
    body.put("position", compared.place().toString());
    body.put("rows", difference.rows());
    body.put("missing", difference.missing());
    body.put("extra", difference.extra());
    body.put("different", difference.different());
    return body;
  }
}
