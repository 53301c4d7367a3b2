package dev.freshet.gateway.routing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Which route a backend may think a request has taken: the same routes, found by {@link
 * LenientPath}. A spelling that falls past a route with access rules to one below it, with others
 * or none, must not lead to what the upper one guards.
 */
final class Neighbours {

  private static final PathPatternParser ANY_CASE = new PathPatternParser();

  static {
    ANY_CASE.setCaseSensitive(false);
  }

  private final RouteIndex lenient;
  private final Map<String, Route> routes = new HashMap<>();
  private final Map<String, Integer> places = new HashMap<>();

  /** Ids of routes that stand below one with other access rules. */
  private final Set<String> belowGuarded = new HashSet<>();

  Neighbours(List<Route> all) {
    this.lenient =
        new RouteIndex(all.stream().map(route -> route.at(anyCase(route.path()))).toList());
    Set<Access> above = new HashSet<>();
    for (Route route : all) {
      places.put(route.id(), places.size());
      routes.put(route.id(), route);
      if (!Set.of(route.access()).containsAll(above)) {
        belowGuarded.add(route.id());
      }
      if (route.access() instanceof Access.Scoped guarded) {
        above.add(guarded);
      }
    }
  }

  private static PathPattern anyCase(PathPattern path) {
    String text = path.getPatternString();
    String plain =
        Stream.of(text.split("/", -1))
            .map(part -> isLiteral(part) ? part.toLowerCase(Locale.ROOT) : part)
            .collect(Collectors.joining("/"));
    return ANY_CASE.parse(plain.length() > 1 ? plain.replaceFirst("/$", "") : plain);
  }

  private static boolean isLiteral(String text) {
    return text.chars().noneMatch(c -> "{}*?:\\".indexOf(c) >= 0);
  }

  /**
   * The route that a request has slipped past by its spelling.
   *
   * @param taken the route that it has taken
   * @param path as it was sent
   * @return empty when there is none; also where {@code taken} names this very path
   */
  Optional<Route> passedBy(Route taken, String path, Conditions.Headers headers) {
    if (!belowGuarded.contains(taken.id()) || taken.path().getPatternString().equals(path)) {
      return Optional.empty();
    }
    return lenient
        .match(LenientPath.of(path), headers)
        .filter(meant -> place(meant) < place(taken))
        .filter(meant -> meant.access() instanceof Access.Scoped)
        .filter(meant -> !meant.access().equals(taken.access()));
  }

  private int place(Route route) {
    return places.getOrDefault(route.id(), Integer.MAX_VALUE);
  }

  /**
   * What may surprise whoever wrote the routes: an open route below one with access rules takes
   * what lies beside that one's paths. A sentence each.
   */
  List<String> notes(RouteIndex index) {
    List<String> notes = new ArrayList<>();
    for (Route guarded : routes.values().stream().sorted(this::byPlace).toList()) {
      if (guarded.access() instanceof Access.Scoped) {
        note(guarded, index).ifPresent(notes::add);
      }
    }
    return notes;
  }

  private int byPlace(Route one, Route other) {
    return Integer.compare(place(one), place(other));
  }

  private Optional<String> note(Route guarded, RouteIndex index) {
    String example = guarded.path().getPatternString().replaceAll("\\{[^}]*}|\\*+", "1");
    String below = example.replaceFirst("/$", "") + "/x";
    if (!guarded.path().matches(PathContainer.parsePath(example))
        || guarded.path().matches(PathContainer.parsePath(below))) {
      return Optional.empty(); // it takes what lies below it, or nobody can tell
    }
    return index
        .match(PathContainer.parsePath(below), guarded.conditions().example())
        .filter(taken -> taken.access() instanceof Access.Open && place(taken) > place(guarded))
        .map(
            open ->
                "Route %s asks for a token, and takes %s alone. What lies below goes to route %s, which is open to everybody: %s, for instance. Other spellings of the path itself (%s/, /%s, %s%%3bx) are refused with 400. If what lies below is meant, too, write %s/**."
                    .formatted(
                        guarded.id(),
                        guarded.path().getPatternString(),
                        open.id(),
                        below,
                        example,
                        example.substring(1).toUpperCase(Locale.ROOT),
                        example,
                        guarded.path().getPatternString().replaceFirst("/$", "")));
  }
}
