package dev.freshet.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.pattern.PathPatternParser;

class RouteIndexTest {

  private static final List<String> SEGMENTS =
      List.of("a", "b", "a%2Fb", "{x}", "*", "a*", "{x:[ab]}", "");

  private static Route route(String pattern) {
    return new Route(
        pattern,
        PathPatternParser.defaultInstance.parse(pattern),
        Conditions.NONE,
        Map.of(),
        null,
        null,
        null,
        false,
        SessionBy.HEADER,
        new Access.Open(),
        null,
        null,
        List.of());
  }

  private static Optional<String> match(RouteIndex index, String path) {
    return index.match(PathContainer.parsePath(path), name -> List.of()).map(Route::id);
  }

  @Test
  void firstInTheFileWinsWhereverItStandsInTheTree() {
    RouteIndex index =
        new RouteIndex(
            List.of(
                route("/orders/{id}"), route("/orders/**"), route("/**"), route("/menu/pizza")));
    assertThat(match(index, "/orders/7")).contains("/orders/{id}");
    assertThat(match(index, "/orders")).contains("/orders/**");
    assertThat(match(index, "/orders/7/items")).contains("/orders/**");
    assertThat(match(index, "/menu/pizza")).contains("/**");
    assertThat(match(index, "/")).contains("/**");
  }

  @Test
  void isWhatTryingAllWouldFind() {
    Random random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      List<Route> routes = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        routes.add(route(path(random) + (random.nextInt(3) == 0 ? "/**" : "")));
      }
      RouteIndex index = new RouteIndex(routes);
      String asked = path(random).replaceAll("[{}*?:\\[\\]x]", "");
      PathContainer path = PathContainer.parsePath(asked.isEmpty() ? "/" : asked);
      assertThat(index.match(path, name -> List.of()))
          .as("%s in %s", asked, routes)
          .isEqualTo(
              routes.stream().filter(route -> route.matches(path, name -> List.of())).findFirst());
    }
  }

  private static String path(Random random) {
    StringBuilder path = new StringBuilder();
    for (int i = random.nextInt(4); i >= 0; i--) {
      String segment = SEGMENTS.get(random.nextInt(SEGMENTS.size()));
      path.append('/').append(segment.replace("x", "x" + i));
    }
    return path.toString();
  }
}
