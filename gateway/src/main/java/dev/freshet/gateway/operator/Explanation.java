package dev.freshet.gateway.operator;

import static org.springframework.http.HttpHeaders.AUTHORIZATION;
import static org.springframework.http.HttpHeaders.CONTENT_TYPE;

import dev.freshet.gateway.access.Admission;
import dev.freshet.gateway.access.Principal;
import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.choice.Choice;
import dev.freshet.gateway.choice.FullText;
import dev.freshet.gateway.exchange.SessionCookies;
import dev.freshet.gateway.graphql.Content;
import dev.freshet.gateway.graphql.GraphQlIntent;
import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.pool.Pool;
import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.Decision;
import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SourceKind;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Where a request would go now, and why: the stages that a request passes, without sending it. */
public final class Explanation {

  private static final String IN_FULL_TEXT =
      ", first for full text; what it can't answer it leaves to the next";

  private final GraphQlIntent graphQlIntent = new GraphQlIntent();
  private final LiveRoutes live;
  private final Requirements requirements;
  private final SystemView system;

  public Explanation(LiveRoutes live, Requirements requirements, SystemView system) {
    this.live = live;
    this.requirements = requirements;
    this.system = system;
  }

  /**
   * A request to be explained.
   *
   * @param target path and query, as they would be sent
   * @param body the content; empty without
   */
  record Asked(String method, String target, HttpHeaders headers, String body) {

    String path() {
      return target.replaceFirst("\\?.*", "");
    }

    Content content() {
      return Content.of(
          target,
          name ->
              name.equals(CONTENT_TYPE) && !headers.contains(name)
                  ? List.of("application/json")
                  : headers.getAll(name),
          body);
    }
  }

  /**
   * Explains a request.
   *
   * @return the members of the answer
   */
  Mono<Map<String, Object>> of(Asked asked) {
    Generation generation = live.current().orElseThrow();
    Map<String, Object> told = new LinkedHashMap<>();
    String method = asked.method();
    return switch (Decision.of(
        generation.routes(), method, asked.path(), asked.headers()::getAll)) {
      case Decision.Unrouted(ProblemCode code, String detail) ->
          Mono.just(refused(told, code, detail));
      case Decision.Preflight(Route route, Cors cors) -> {
        told.put("route", route.id());
        told.put("decidedBy", "the gateway answers preflights on routes with cors");
        yield Mono.just(told);
      }
      case Decision.ByContent(Route route, GraphQl graphQl) -> {
        GraphQlIntent.Found found = graphQlIntent.of(asked.content(), graphQl);
        yield routed(
            told, generation, Decision.of(route, method, found.intent()), found.because(), asked);
      }
      case Decision.Routed routed ->
          routed(told, generation, routed, because(routed, method), asked);
    };
  }

  private static String because(Decision.Routed decision, String method) {
    Route route = decision.route();
    String intent = route.intent(method).text();
    return route.methods().containsKey(method)
        ? "route %s says that %s is a %s".formatted(route.id(), method, intent)
        : "%s is a %s".formatted(method, intent);
  }

  private Mono<Map<String, Object>> routed(
      Map<String, Object> told,
      Generation generation,
      Decision.Routed decision,
      String because,
      Asked asked) {
    told.put("route", decision.route().id());
    told.put("intent", decision.intent().text());
    told.put("decidedBy", because);
    return switch (decision) {
      case Decision.NotAllowed(Route route, Intent intent, String detail, List<String> allow) ->
          Mono.just(
              refused(
                  told,
                  ProblemCode.METHOD_NOT_ALLOWED,
                  detail + " It takes " + String.join(", ", allow) + "."));
      case Decision.Taken(Route route, Intent intent) ->
          admitted(generation, route, intent, asked.headers())
              .flatMap(
                  admission ->
                      switch (admission) {
                        case Admission.Refused(Problem problem, String challenge) ->
                            Mono.just(refused(told, problem.code(), problem.detail()));
                        case Admission.Admitted(Principal principal) -> {
                          if (principal != null) {
                            told.put("principal", principal.subject());
                          }
                          yield taken(told, generation, route, intent, asked);
                        }
                      });
    };
  }

  private static Mono<Admission.Settled> admitted(
      Generation generation, Route route, Intent intent, HttpHeaders headers) {
    return switch (Admission.of(route.access(), intent, () -> headers.getAll(AUTHORIZATION))) {
      case Admission.Settled settled -> Mono.just(settled);
      case Admission.ByToken token -> generation.tokens().orElseThrow().check(token);
    };
  }

  private static Map<String, Object> refused(
      Map<String, Object> told, Problem.Code code, String detail) {
    told.put("refused", Map.of("code", code.code(), "status", code.status(), "detail", detail));
    return told;
  }

  private Mono<Map<String, Object>> taken(
      Map<String, Object> told, Generation generation, Route route, Intent intent, Asked asked) {
    HttpHeaders headers = asked.headers();
    Consistency consistency = null;
    if (intent == Intent.READ) {
      try {
        consistency =
            Objects.requireNonNull(route.read())
                .consistency(headers.get(FreshetHeaders.CONSISTENCY));
      } catch (IllegalArgumentException e) {
        return Mono.just(refused(told, ProblemCode.LEVEL_NOT_ALLOWED, e.getMessage() + "."));
      }
      told.put("consistency", consistency.toString());
    }
    List<String> tokens = SessionCookies.tokens(route.sessionBy(), headers);
    Pool pool = generation.pools().pool(route.pool(intent).orElseThrow());
    return settled(requirements.of(consistency, tokens))
        .map(
            requirement ->
                switch (requirement) {
                  case Requirement.Refused refusal ->
                      refused(told, refusal.problem().code(), refusal.problem().detail());
                  case Requirement.Met met ->
                      listed(
                          told,
                          met.session(),
                          pool,
                          FullText.first(
                              asked.target(), Choice.of(pool, route, intent, met.session(), true)),
                          FullText.isAskedBy(asked.target()));
                });
  }

  private Mono<Requirement.Settled> settled(Requirement requirement) {
    return switch (requirement) {
      case Requirement.DependsOnPrimary depends ->
          system.ask().singleOptional().flatMap(asked -> settled(depends.then().apply(asked)));
      case Requirement.Settled settled -> Mono.just(settled);
    };
  }

  private static Map<String, Object> listed(
      Map<String, Object> told,
      ClientSession session,
      Pool pool,
      List<Candidate> candidates,
      boolean isForWords) {
    Position required = session.required();
    if (required != null) {
      told.put("mustInclude", required.toString());
    }
    if (pool.isInPanic()) {
      told.put(
          "panic",
          "fewer than %s of the pool are healthy: all that may serve are asked"
              .formatted(pool.panic()));
    }
    told.put(
        "candidates",
        pool.instances().stream()
            .map(
                instance ->
                    instance(
                        instance,
                        candidates.stream()
                            .filter(candidate -> candidate.instance() == instance)
                            .findFirst(),
                        isForWords))
            .toList());
    told.put("chosen", candidates.isEmpty() ? null : candidates.getFirst().instance().spec().id());
    return told;
  }

  private static Map<String, @Nullable Object> instance(
      Instance instance, Optional<Candidate> candidate, boolean isForWords) {
    Instance.Health health = instance.health();
    Map<String, @Nullable Object> described = new LinkedHashMap<>();
    described.put("instance", instance.spec().id());
    described.put("kind", instance.spec().kind().wireName());
    described.put("position", health.position() == null ? null : health.position().toString());
    described.put("lagSeconds", instance.lagSeconds());
    described.put("healthy", instance.isHealthy());
    described.put("inFlight", instance.inFlight());
    boolean isStore = instance.spec().kind() == SourceKind.SEARCH;
    described.put(
        "reason",
        candidate
            .map(
                chosen ->
                    isStore && isForWords
                        ? chosen.reason().text() + IN_FULL_TEXT
                        : chosen.reason().text())
            .orElse(null));
    described.put("excluded", candidate.isPresent() ? null : excluded(instance));
    return described;
  }

  private static String excluded(Instance instance) {
    if (instance.isDrained()) {
      return instance.reason();
    }
    if (!instance.isHealthy()) {
      return "it is %s: %s".formatted(instance.condition().text(), instance.reason());
    }
    return instance.tellsPosition()
        ? "it has not reached the required position, and the route does not wait for it"
        : "its position is unknown; set position on this instance";
  }
}
