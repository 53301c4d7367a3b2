package dev.freshet.gateway.routing;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.protocol.PostgresUrl;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.PathContainer;

/**
 * All that a routes file says, checked; the first route that matches is taken.
 *
 * @param primary URL of the primary's database, where positions are asked for that backends don't
 *     tell; null without
 * @param sync status addresses of the cdc-syncs, for operators
 * @param pools instances by pool
 * @param withoutAccess ids of the routes that do not say who may use them
 */
public record Routes(
    List<Route> routes,
    @Nullable PostgresUrl primary,
    List<URI> sync,
    Map<String, List<InstanceSpec>> pools,
    List<String> withoutAccess) {

  public Routes {
    routes = List.copyOf(routes);
    sync = List.copyOf(sync);
    pools = Map.copyOf(pools);
    withoutAccess = List.copyOf(withoutAccess);
  }

  /**
   * Makes sure that nothing is open by mistake.
   *
   * @throws RoutesInvalid when the gateway listens beyond loopback and a route does not say that it
   *     is public
   */
  public Routes fitFor(InetAddress listen) {
    if (!listen.isLoopbackAddress() && !withoutAccess.isEmpty()) {
      throw new RoutesInvalid(
          "routes.yaml: the gateway listens on %s, beyond loopback, and the routes %s don't say who may use them. Add access: public to each that is meant for everybody."
              .formatted(listen.getHostAddress(), String.join(", ", withoutAccess)));
    }
    return this;
  }

  /** The route that a path takes. */
  public Optional<Route> match(PathContainer requestPath) {
    return routes.stream().filter(route -> route.matches(requestPath)).findFirst();
  }

  @Override
  public String toString() {
    return routes.size() + " routes"; // the primary's URL may hold a password
  }
}
