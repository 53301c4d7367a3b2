package dev.freshet.gateway.routing;

import dev.freshet.protocol.ProblemCode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.http.server.PathContainer;

/** Where a request is to go by its method and its path alone. */
public sealed interface Decision {

  Set<String> NEVER_FORWARDED = Set.of("TRACE", "CONNECT");

  /** Methods of GraphQL over HTTP that carry documents. */
  Set<String> MEANT_BY_CONTENT = Set.of("GET", "HEAD", "POST", "QUERY");

  /** Its route and its intent are known. */
  sealed interface Routed extends Decision {

    Route route();

    Intent intent();
  }

  /** A route takes it. */
  record Taken(Route route, Intent intent) implements Routed {}

  /** A route takes it, and its content says what it means; {@link #of(Route, String, Intent)}. */
  record ByContent(Route route, GraphQl graphQl) implements Decision {}

  /** A browser asks whether a page may use its route, and the gateway answers that. */
  record Preflight(Route route, Cors cors) implements Decision {}

  /** No route may take it. */
  record Unrouted(ProblemCode code, String detail) implements Decision {}

  /**
   * Its route does not take this method.
   *
   * @param allow the methods that it takes
   */
  record NotAllowed(Route route, Intent intent, String detail, List<String> allow)
      implements Routed {

    public NotAllowed {
      allow = List.copyOf(allow);
    }
  }

  /**
   * Decides.
   *
   * @param path as it was sent, without the query
   */
  static Decision of(Routes routes, String method, String path, Conditions.Headers headers) {
    Optional<String> objection = PathRules.ofEscapes(path);
    if (objection.isPresent()) {
      return new Unrouted(ProblemCode.BAD_REQUEST, objection.get());
    }
    PathContainer parsed = PathContainer.parsePath(path);
    objection = PathRules.ofSegments(parsed, routes.areGuarded());
    if (objection.isPresent()) {
      return new Unrouted(ProblemCode.BAD_REQUEST, objection.get());
    }
    Optional<Route> matched =
        LenientPath.isInternal(path) ? Optional.empty() : routes.match(parsed, headers);
    if (matched.isEmpty()) {
      return noRoute(method, path);
    }
    Route route = matched.get();
    Optional<Route> passed = routes.passedBy(route, path, headers);
    if (passed.isPresent()) {
      return new Unrouted(
          ProblemCode.BAD_REQUEST,
          "Backends may read this path as one of route %s, which has access rules of its own; spell it as that route does."
              .formatted(passed.get().id()));
    }
    Cors cors = route.cors();
    if (cors != null && Cors.isPreflight(method, headers)) {
      return new Preflight(route, cors);
    }
    GraphQl graphQl = route.graphQl();
    return graphQl != null && MEANT_BY_CONTENT.contains(method)
        ? new ByContent(route, graphQl)
        : of(route, method, route.intent(method));
  }

  /**
   * Why a request may not leave for a backend with this path, which filters may have changed since
   * {@link #of(Routes, String, String, Conditions.Headers)}.
   */
  static Optional<Unrouted> objectionOnLeaving(String method, String path) {
    if (LenientPath.isInternal(path)) {
      return Optional.of(noRoute(method, path));
    }
    return PathRules.ofEscapes(path)
        .or(() -> PathRules.ofSegments(PathContainer.parsePath(path), false))
        .map(objection -> new Unrouted(ProblemCode.BAD_REQUEST, objection));
  }

  private static Unrouted noRoute(String method, String path) {
    return new Unrouted(ProblemCode.NO_ROUTE, "No route takes %s %s.".formatted(method, path));
  }

  /** Decides on a request whose intent is known. */
  static Decision.Routed of(Route route, String method, Intent intent) {
    return NEVER_FORWARDED.contains(method) || !route.takes(intent)
        ? new NotAllowed(
            route,
            intent,
            intent == route.intent(method)
                ? "Route %s does not take %s.".formatted(route.id(), method)
                : "Route %s does not take a %s.".formatted(route.id(), intent.text()),
            List.copyOf(route.allow()))
        : new Taken(route, intent);
  }
}
