package dev.freshet.gateway.routing;

import dev.freshet.protocol.ProblemCode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.http.server.PathContainer;

/** Where a request is to go by its method and its path alone. */
public sealed interface Decision {

  /** Paths below it are between gateway and backends. */
  String INTERNAL_PATHS = ".freshet";

  /** What some backends take for the end of a segment. */
  Pattern SLASH = Pattern.compile("[/\\\\]");

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
    PathContainer parsed = PathContainer.parsePath(path);
    if (hasDotSegments(parsed)) {
      return new Unrouted(
          ProblemCode.BAD_REQUEST,
          "The path holds '.' or '..' segments, which backends may read differently.");
    }
    if (routes.areGuarded() && isAmbiguous(parsed)) {
      return new Unrouted(
          ProblemCode.BAD_REQUEST,
          "The path holds empty segments or encoded slashes, which backends may read differently; where routes ask for tokens, that could lead past them.");
    }
    Optional<Route> matched = isInternal(parsed) ? Optional.empty() : routes.match(parsed, headers);
    if (matched.isEmpty()) {
      return new Unrouted(ProblemCode.NO_ROUTE, "No route takes %s %s.".formatted(method, path));
    }
    Route route = matched.get();
    Cors cors = route.cors();
    if (cors != null && Cors.isPreflight(method, headers)) {
      return new Preflight(route, cors);
    }
    GraphQl graphQl = route.graphQl();
    return graphQl != null && MEANT_BY_CONTENT.contains(method)
        ? new ByContent(route, graphQl)
        : of(route, method, route.intent(method));
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

  private static boolean isInternal(PathContainer path) {
    for (PathContainer.Element element : path.elements()) {
      if (element instanceof PathContainer.PathSegment segment) {
        return segment.valueToMatch().equals(INTERNAL_PATHS);
      }
    }
    return false;
  }

  /** Whether a backend that decodes the path's segments would find such. */
  private static boolean hasDotSegments(PathContainer path) {
    for (PathContainer.Element element : path.elements()) {
      if (element instanceof PathContainer.PathSegment segment
          && isOrHoldsDots(segment.valueToMatch())) {
        return true;
      }
    }
    return false;
  }

  /** Dots alone, or between what some backends take for the ends of segments. */
  private static boolean isOrHoldsDots(String segment) {
    if (segment.indexOf('.') < 0) {
      return false;
    }
    for (String part : SLASH.split(segment, -1)) {
      if (part.equals(".") || part.equals("..")) {
        return true;
      }
    }
    return false;
  }

  /** Whether some backends would find other segments than these. */
  private static boolean isAmbiguous(PathContainer path) {
    boolean isAfterSlash = false;
    for (PathContainer.Element element : path.elements()) {
      if (element instanceof PathContainer.PathSegment segment) {
        String value = segment.valueToMatch();
        if (value.isEmpty() || SLASH.matcher(value).find()) {
          return true;
        }
        isAfterSlash = false;
      } else {
        if (isAfterSlash) {
          return true;
        }
        isAfterSlash = true;
      }
    }
    return false;
  }
}
