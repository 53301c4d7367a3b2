package dev.freshet.gateway.filters;

import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.springframework.cloud.gateway.filter.GatewayFilter;

/** The filters of all routes that have some, ready to run. */
public final class Filters {

  private final Map<String, List<GatewayFilter>> byRoute;

  Filters(Map<String, List<GatewayFilter>> byRoute) {
    this.byRoute = Map.copyOf(byRoute);
  }

  /** Makes them. */
  public static Filters of(Routes routes, FilterCatalogue catalogue) {
    return new Filters(
        routes.all().stream()
            .filter(route -> !route.filters().isEmpty())
            .collect(
                Collectors.toMap(
                    Route::id, route -> catalogue.filters(route.id(), route.filters()))));
  }

  /** Those of a route that has some, in the order in which they run. */
  public List<GatewayFilter> of(Route route) {
    return Objects.requireNonNull(byRoute.get(route.id()), route.id());
  }
}
