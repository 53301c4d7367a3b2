package dev.freshet.write;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import java.util.Set;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.PathContainer;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Finds the command that a request is for, among those in force. */
final class CommandRoutes {

  /** They are answered elsewhere: there is nothing here to read. */
  private static final Set<HttpMethod> READS = Set.of(HttpMethod.GET, HttpMethod.HEAD);

  private final Commands commands;
  private final CommandPath path;
  private final ProblemResponses problems;

  CommandRoutes(Commands commands, CommandPath path, ProblemResponses problems) {
    this.commands = commands;
    this.path = path;
    this.problems = problems;
  }

  RouterFunction<ServerResponse> routes() {
    return this::route;
  }

  private Mono<HandlerFunction<ServerResponse>> route(ServerRequest request) {
    CommandSet inForce = commands.inForce();
    PathContainer target = request.requestPath().pathWithinApplication();
    return inForce
        .match(request.method(), target)
        .<Mono<HandlerFunction<ServerResponse>>>map(
            match -> {
              request
                  .attributes()
                  .put(
                      RouterFunctions.MATCHING_PATTERN_ATTRIBUTE,
                      match.command().declaration().path());
              return Mono.just(taken -> path.answer(taken, match));
            })
        .orElseGet(
            () -> {
              Set<String> methods = inForce.methods(target);
              return methods.isEmpty() || READS.contains(request.method())
                  ? Mono.empty()
                  : Mono.just(other -> notAllowed(other, methods));
            });
  }

  private Mono<ServerResponse> notAllowed(ServerRequest request, Set<String> methods) {
    String allow = String.join(", ", methods);
    if (request.method().equals(HttpMethod.OPTIONS)) {
      return ServerResponse.noContent().header(HttpHeaders.ALLOW, allow).build();
    }
    Problem problem =
        Problem.of(ProblemCode.METHOD_NOT_ALLOWED, "This path takes %s.".formatted(allow));
    return problems
        .status(problem)
        .header(HttpHeaders.ALLOW, allow)
        .bodyValue(problems.body(problem));
  }
}
