package dev.freshet.gateway.routing;

import dev.freshet.gateway.pool.InstanceSpec;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.server.PathContainer;

/**
 * All that a routes file says, checked; the first route that matches is taken.
 *
 * @param sync status addresses of the cdc-syncs, for operators
 * @param pools instances by pool
 */
public record Routes(List<Route> routes, List<URI> sync, Map<String, List<InstanceSpec>> pools) {

  public Routes {
    routes = List.copyOf(routes);
    sync = List.copyOf(sync);
    pools = Map.copyOf(pools);
  }

  /** The route that a path takes. */
  public Optional<Route> match(PathContainer requestPath) {
    return routes.stream().filter(route -> route.matches(requestPath)).findFirst();
  }
}
