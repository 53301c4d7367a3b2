package dev.freshet.sync.control;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.verify.Difference;
import dev.freshet.sync.verify.Verification;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** The management API's changes, each of them audited, and the dead letters. */
public final class ControlEndpoint {

  private final Operations operations;
  private final OperatorChanges changes;
  private final ProblemResponses problems;
  private final Scheduler blocking;

  private ControlEndpoint(
      Operations operations,
      OperatorChanges changes,
      ProblemResponses problems,
      Scheduler blocking) {
    this.operations = operations;
    this.changes = changes;
    this.problems = problems;
    this.blocking = blocking;
  }

  public static RouterFunction<ServerResponse> routes(
      Operations operations,
      OperatorChanges changes,
      ProblemResponses problems,
      Scheduler blocking) {
    ControlEndpoint endpoint = new ControlEndpoint(operations, changes, problems, blocking);
    return RouterFunctions.route()
        .GET("/api/audit", request -> ServerResponse.ok().bodyValue(changes.latest()))
        .GET("/api/dead-letters", request -> endpoint.run(request, endpoint::deadLetters))
        .POST("/api/sync/pause", request -> endpoint.change(request, endpoint::pause))
        .POST("/api/sync/resume", request -> endpoint.change(request, endpoint::resume))
        .POST(
            "/api/models/{name}/rebuild",
            request ->
                endpoint.change(request, () -> endpoint.rebuild(request.pathVariable("name"))))
        .POST(
            "/api/models/{name}/verify",
            request ->
                endpoint.change(
                    request,
                    () ->
                        endpoint.verify(
                            request.pathVariable("name"),
                            request
                                .queryParam("source")
                                .map(s -> !s.equals("false"))
                                .orElse(false))))
        .POST(
            "/api/dead-letters/{id:\\d{1,18}}/retry",
            request -> endpoint.change(request, () -> endpoint.settle(id(request), false)))
        .POST(
            "/api/dead-letters/{id:\\d{1,18}}/discard",
            request -> endpoint.change(request, () -> endpoint.settle(id(request), true)))
        .build();
  }

  private static long id(ServerRequest request) {
    return Long.parseLong(request.pathVariable("id"));
  }

  private Mono<ServerResponse> change(ServerRequest request, Callable<Object> work) {
    return changes.accept(request, () -> run(request, work));
  }

  /** An answer is a body, or a problem to be told. */
  private Mono<ServerResponse> run(ServerRequest request, Callable<Object> work) {
    return Mono.fromCallable(() -> RequestScope.during(request, work::call))
        .subscribeOn(blocking)
        .onErrorResume(
            failure ->
                switch (failure) {
                  case Operations.NotKept e ->
                      Mono.just(Problem.of(ProblemCode.CONFLICT, String.valueOf(e.getMessage())));
                  case Verification.NoPrimary e ->
                      Mono.just(Problem.of(ProblemCode.CONFLICT, String.valueOf(e.getMessage())));
                  case Operations.NotStreaming e ->
                      Mono.just(Problem.of(ProblemCode.CONFLICT, String.valueOf(e.getMessage())));
                  case NoSuchElementException e ->
                      Mono.just(Problem.of(ProblemCode.NOT_FOUND, e.getMessage() + "."));
                  case TimeoutException e ->
                      Mono.just(
                          Problem.of(
                              ProblemCode.CONFLICT,
                              "The sync did not get to the position to compare at in time. Try again when its lag is low."));
                  default -> Mono.error(failure);
                })
        .flatMap(
            answer ->
                answer instanceof Problem problem
                    ? refuse(problem)
                    : ServerResponse.ok().bodyValue(answer));
  }

  private Mono<ServerResponse> refuse(Problem problem) {
    return problems.status(problem).bodyValue(problems.body(problem));
  }

  private Object pause() throws Exception {
    operations.pause();
    return Map.of("paused", true);
  }

  private Object resume() throws Exception {
    operations.resume();
    return Map.of("paused", false);
  }

  private Object rebuild(String model) {
    return operations.rebuild(model) ? Map.of("model", model, "state", "building") : unknown(model);
  }

  private static Problem unknown(String model) {
    return Problem.of(
        ProblemCode.UNKNOWN_MODEL,
        "There is no model '%s' in this read database.".formatted(model));
  }

  private Object verify(String model, boolean withSource) throws Exception {
    Optional<List<Difference>> found = operations.verify(model, withSource);
    if (found.isEmpty()) {
      return unknown(model);
    }
    Map<String, Object> body = body("model", found.get().getLast());
    if (withSource) {
      body.put(
          "tables",
          found.get().stream()
              .limit(found.get().size() - 1L)
              .map(difference -> body("table", difference))
              .toList());
    }
    return body;
  }

  private static Map<String, Object> body(String what, Difference difference) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put(what, difference.what());
    body.put("rows", difference.rows());
    body.put("missing", difference.missing());
    body.put("extra", difference.extra());
    body.put("different", difference.different());
    return body;
  }

  private Object deadLetters() throws Exception {
    return operations.deadLetters().stream()
        .map(
            letter -> {
              Map<String, @Nullable Object> body = new LinkedHashMap<>();
              body.put("id", letter.id());
              body.put("model", letter.model());
              body.put("table", letter.table() == null ? null : letter.table().toString());
              body.put("key", letter.key());
              body.put("row", letter.row() == null ? null : masked(letter.row()));
              body.put("error", letter.error());
              body.put("position", letter.position());
              body.put("at", letter.at());
              return body;
            })
        .toList();
  }

  /** How long each value is, not what it says: whoever operates need not be let read it. */
  private static List<@Nullable String> masked(List<@Nullable String> values) {
    List<@Nullable String> masked = new ArrayList<>();
    for (String value : values) {
      masked.add(
          value == null
              ? null
              : RowChange.isUnchanged(value) ? "unchanged" : "%d chars".formatted(value.length()));
    }
    return masked;
  }

  private Object settle(long id, boolean givenUp) {
    Optional<String> objection = givenUp ? operations.discard(id) : operations.retry(id);
    return objection.isEmpty()
        ? Map.of("id", id, "settled", true)
        : Problem.of(
            ProblemCode.CONFLICT,
            "The read database still refuses it: %s".formatted(objection.get()));
  }
}
