package dev.freshet.gateway.operator;

import dev.freshet.gateway.report.Syncs;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.RequestScope;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.util.UriUtils;
import reactor.core.publisher.Mono;

/**
 * What operators have cdc-syncs do, through the gateway: a page of its own origin reaches no other.
 * The syncs are named by their read database.
 */
public final class SyncsEndpoint {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Comparing a model with its source takes as long as it takes to compute it. */
  private static final Duration VERIFY_PATIENCE = Duration.ofMinutes(10);

  private static final String ROOT = "/api/syncs/{readDatabase}";

  private static final String LETTERS = "/dead-letters";

  private static final List<String> CHANGES =
      List.of(
          "/sync/pause",
          "/sync/resume",
          "/models/{name}/rebuild",
          "/models/{name}/verify",
          "/dead-letters/{id:\\d{1,18}}/retry",
          "/dead-letters/{id:\\d{1,18}}/discard");

  private final Syncs syncs;
  private final OperatorChanges changes;
  private final ProblemResponses problems;

  public SyncsEndpoint(Syncs syncs, OperatorChanges changes, ProblemResponses problems) {
    this.syncs = syncs;
    this.changes = changes;
    this.problems = problems;
  }

  /** Of a sync's own paths those that are passed on, below the name of its read database. */
  RouterFunction<ServerResponse> routes() {
    RouterFunctions.Builder routes =
        RouterFunctions.route()
            .GET(ROOT + LETTERS, request -> pass(request, HttpMethod.GET, LETTERS, PATIENCE));
    for (String change : CHANGES) {
      Duration patience = change.endsWith("/verify") ? VERIFY_PATIENCE : PATIENCE;
      routes.route(
          RequestPredicates.POST(ROOT + change),
          request ->
              changes.accept(request, () -> pass(request, HttpMethod.POST, change, patience)));
    }
    return routes.build();
  }

  private Mono<ServerResponse> pass(
      ServerRequest request, HttpMethod method, String path, Duration patience) {
    String readDatabase = request.pathVariable("readDatabase");
    String query = request.uri().getRawQuery();
    String below = below(path, request.pathVariables()) + (query == null ? "" : "?" + query);
    return syncs
        .of(readDatabase)
        .flatMap(sync -> syncs.pass(sync, method, below, RequestScope.id(request), patience))
        .flatMap(
            answer ->
                ServerResponse.status(answer.status())
                    .contentType(
                        answer.status() < 400
                            ? MediaType.APPLICATION_JSON
                            : MediaType.APPLICATION_PROBLEM_JSON)
                    .bodyValue(answer.body()))
        .onErrorResume(failure -> refuse(unanswered(readDatabase, failure)))
        .switchIfEmpty(
            Mono.defer(
                () ->
                    refuse(
                        Problem.of(
                            ProblemCode.NOT_FOUND,
                            "No sync of a read database '%s' answers; GET /api/status lists them."
                                .formatted(readDatabase)))));
  }

  /** A path of the sync's own, with what this one's variables say. */
  private static String below(String path, Map<String, String> variables) {
    String filled = path.replaceFirst("\\{id.*}", variables.getOrDefault("id", ""));
    return "/api"
        + filled.replace(
            "{name}",
            UriUtils.encodePathSegment(variables.getOrDefault("name", ""), StandardCharsets.UTF_8));
  }

  private static Problem unanswered(String readDatabase, Throwable failure) {
    return failure instanceof TimeoutException
        ? Problem.of(
            ProblemCode.BACKEND_TIMEOUT,
            "The sync of %s did not answer in time; it may be done all the same. Look before you try again."
                .formatted(readDatabase))
        : Problem.of(
            ProblemCode.BACKEND_UNREACHABLE,
            "The sync of %s broke off without an answer: %s. It may be done all the same."
                .formatted(readDatabase, failure.getMessage()));
  }

  private Mono<ServerResponse> refuse(Problem problem) {
    return problems.status(problem).bodyValue(problem.members());
  }
}
