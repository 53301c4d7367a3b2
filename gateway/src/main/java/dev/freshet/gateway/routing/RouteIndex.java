package dev.freshet.gateway.routing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.PathContainer;

/**
 * Finds the first route that a path takes, without trying them all: a tree of the segments that
 * paths begin with literally. A route stands where its first wildcard or variable begins, and only
 * the routes along a request's own way through the tree are tried.
 */
final class RouteIndex {

  private final Node root = new Node();

  /** Routes that begin with the same literal segments. */
  private static final class Node {
    private final List<Placed> routes = new ArrayList<>(1);
    private final Map<String, Node> next = new HashMap<>();
  }

  /**
   * A route.
   *
   * @param number its place in the file
   */
  private record Placed(int number, Route route) {}

  RouteIndex(List<Route> routes) {
    for (int i = 0; i < routes.size(); i++) {
      Node node = root;
      for (String segment : literalPrefix(routes.get(i).path().getPatternString())) {
        node = node.next.computeIfAbsent(segment, ignored -> new Node());
      }
      node.routes.add(new Placed(i, routes.get(i)));
    }
  }

  private static List<String> literalPrefix(String pattern) {
    List<String> literal = new ArrayList<>();
    for (String segment : pattern.split("/", -1)) {
      if (segment.chars().anyMatch(c -> "{}*?:\\".indexOf(c) >= 0)) {
        break;
      }
      if (!segment.isEmpty()) {
        literal.add(segment);
      }
    }
    return literal;
  }

  Optional<Route> match(PathContainer path, Conditions.Headers headers) {
    Placed first = firstOf(root, path, headers, null);
    Node node = root;
    for (PathContainer.Element element : path.elements()) {
      if (element instanceof PathContainer.PathSegment segment) {
        node = node.next.get(segment.valueToMatch());
        if (node == null) {
          break;
        }
        first = firstOf(node, path, headers, first);
      }
    }
    return Optional.ofNullable(first).map(Placed::route);
  }

  private static @Nullable Placed firstOf(
      Node node, PathContainer path, Conditions.Headers headers, @Nullable Placed known) {
    for (Placed placed : node.routes) {
      if (known != null && known.number() < placed.number()) {
        return known;
      }
      if (placed.route().matches(path, headers)) {
        return placed;
      }
    }
    return known;
  }
}
