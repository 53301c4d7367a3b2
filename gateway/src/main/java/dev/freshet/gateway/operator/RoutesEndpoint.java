package dev.freshet.gateway.operator;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.gateway.live.Edition;
import dev.freshet.gateway.live.RoutesLoader;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.file.KnownVariables;
import dev.freshet.gateway.routing.file.Masked;
import dev.freshet.gateway.routing.file.RoutesFile;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.OperatorChanges;
import dev.freshet.runtime.ProblemResponses;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What operators ask of the routes, and have done with them. */
public final class RoutesEndpoint {

  private final RoutesLoader loader;
  private final Explanation explanation;
  private final OperatorChanges changes;
  private final ProblemResponses problems;
  private final Scheduler blocking;

  public RoutesEndpoint(
      RoutesLoader loader,
      Explanation explanation,
      OperatorChanges changes,
      ProblemResponses problems,
      Scheduler blocking) {
    this.loader = loader;
    this.explanation = explanation;
    this.changes = changes;
    this.problems = problems;
    this.blocking = blocking;
  }

  /** What is in force, what came before, and what is wrong with the file as it is now. */
  Mono<ServerResponse> show() {
    List<Edition> editions = loader.editions();
    Map<String, Object> body = new LinkedHashMap<>(described(editions.getFirst()));
    body.put("pinned", loader.isPinned());
    body.put("text", Masked.text(editions.getFirst().text()));
    loader
        .refused()
        .ifPresent(
            refused ->
                body.put(
                    "refused",
                    Map.of("at", refused.at().toString(), "errors", refused.problems())));
    body.put(
        "history",
        editions.subList(1, editions.size()).stream().map(RoutesEndpoint::described).toList());
    return ServerResponse.ok().bodyValue(body);
  }

  private static Map<String, Object> described(Edition edition) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("generation", edition.generation());
    described.put("loaded", edition.loaded().toString());
    described.put("cause", edition.cause().text());
    if (edition.origin() != edition.generation()) {
      described.put("origin", edition.origin());
    }
    described.put("changes", edition.changes());
    return described;
  }

  /**
   * Checks a text as the file would be checked here. Changes nothing, and tells nothing of this
   * machine: files that the text names are not looked for, and values of variables are not told.
   */
  Mono<ServerResponse> validate(ServerRequest request) {
    KnownVariables variables = new KnownVariables(loader.surroundings().environment());
    return request
        .bodyToMono(String.class)
        .defaultIfEmpty("")
        .flatMap(
            text ->
                Mono.fromCallable(
                        () -> RoutesFile.read(text, loader.surroundings().ofOthers(variables)))
                    .subscribeOn(blocking))
        .flatMap(routes -> ServerResponse.ok().bodyValue(valid(routes, variables)))
        .onErrorResume(
            FileInvalid.class,
            refused ->
                ServerResponse.unprocessableContent()
                    .bodyValue(invalid(refused.problems(), variables)));
  }

  private static Map<String, Object> valid(Routes routes, KnownVariables variables) {
    List<String> notes = new ArrayList<>(routes.notes());
    boolean namesFiles =
        routes.pools().values().stream()
            .flatMap(List::stream)
            .anyMatch(instance -> instance.endpoint().tls() != null);
    if (namesFiles) {
      notes.add(
          "The files that tls names were not looked for. ./freshet routes validate FILE on the gateway's machine reads them.");
    }
    return Map.of("valid", true, "notes", notes.stream().map(variables::withoutValues).toList());
  }

  private static Map<String, Object> invalid(List<FileProblem> errors, KnownVariables variables) {
    Map<String, Object> members =
        new LinkedHashMap<>(
            Problem.of(
                    ProblemCode.INVALID,
                    "These routes can't be used, for %d reasons; see errors."
                        .formatted(errors.size()))
                .members());
    members.put(
        "errors",
        errors.stream()
            .map(
                error ->
                    new FileProblem(
                        error.line(), error.column(), variables.withoutValues(error.message())))
            .toList());
    return members;
  }

  /**
   * Says where a request would go. The body has {@code method}, {@code path} with or without a
   * query, {@code headers}, whose values are texts or lists of them, and {@code body}, a text that
   * only counts where the content says what a request means.
   */
  Mono<ServerResponse> explain(ServerRequest request) {
    return request
        .bodyToMono(String.class) // whatever its content type says: curl's is another one
        .flatMap(text -> Mono.justOrEmpty(json(text)))
        .filter(body -> body.path("method").isString() && body.path("path").isString())
        .flatMap(
            body ->
                explanation.of(
                    new Explanation.Asked(
                        body.path("method").asString(),
                        body.path("path").asString(),
                        headers(body.path("headers")),
                        body.path("body").asString(""))))
        .flatMap(told -> ServerResponse.ok().bodyValue(told))
        .onErrorResume(
            IllegalArgumentException.class,
            e ->
                refuse(
                    Problem.of(ProblemCode.BAD_REQUEST, "That is no request: " + e.getMessage())))
        .switchIfEmpty(
            Mono.defer(
                () ->
                    refuse(
                        Problem.of(
                            ProblemCode.BAD_REQUEST,
                            "Say which request: {\"method\":\"GET\",\"path\":\"/orders\",\"headers\":{}}."))));
  }

  private static Optional<JsonNode> json(String text) {
    try {
      return Optional.of(JsonMapper.shared().readTree(text));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static HttpHeaders headers(JsonNode members) {
    HttpHeaders headers = new DefaultHttpHeaders();
    for (String name : members.propertyNames()) {
      JsonNode value = members.path(name);
      if (value.isArray()) {
        value.forEach(one -> headers.add(name, one.asString()));
      } else {
        headers.add(name, value.asString());
      }
    }
    return headers;
  }

  /** Goes back to what was in force before. */
  Mono<ServerResponse> rollBack(ServerRequest request) {
    return changes.accept(request, this::rollBack);
  }

  private Mono<ServerResponse> rollBack() {
    return Mono.fromCallable(loader::rollBack)
        .subscribeOn(blocking)
        .flatMap(
            edition ->
                edition.isPresent()
                    ? ServerResponse.ok().bodyValue(described(edition.get()))
                    : refuse(
                        Problem.of(
                            ProblemCode.CONFLICT, "There is no earlier edition to go back to.")))
        .onErrorResume(
            FileInvalid.class,
            e ->
                refuse(
                    Problem.of(
                        ProblemCode.CONFLICT,
                        "The earlier edition can't be used any more: %s. Fix the file instead."
                            .formatted(e.problems().getFirst()))));
  }

  private Mono<ServerResponse> refuse(Problem problem) {
    return problems.status(problem).bodyValue(problem.members());
  }
}
