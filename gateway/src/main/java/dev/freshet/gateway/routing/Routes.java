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

/** All that a routes file says, checked; the first route that matches is taken. */
public final class Routes {

  private final List<Route> all;
  private final RouteIndex index;
  private final @Nullable PostgresUrl primary;
  private final List<URI> sync;
  private final Map<String, List<InstanceSpec>> pools;
  private final List<String> withoutAccess;

  /**
   * Puts them together.
   *
   * @param primary URL of the primary's database, where positions are asked for that backends don't
   *     tell; null without
   * @param sync status addresses of the cdc-syncs, for operators
   * @param pools instances by pool
   * @param withoutAccess ids of the routes that do not say who may use them
   */
  Routes(
      List<Route> all,
      @Nullable PostgresUrl primary,
      List<URI> sync,
      Map<String, List<InstanceSpec>> pools,
      List<String> withoutAccess) {
    this.all = List.copyOf(all);
    this.index = new RouteIndex(all);
    this.primary = primary;
    this.sync = List.copyOf(sync);
    this.pools = Map.copyOf(pools);
    this.withoutAccess = List.copyOf(withoutAccess);
  }

  /** In the file's order. */
  public List<Route> all() {
    return all;
  }

  public @Nullable PostgresUrl primary() {
    return primary;
  }

  public List<URI> sync() {
    return sync;
  }

  public Map<String, List<InstanceSpec>> pools() {
    return pools;
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
    return index.match(requestPath);
  }

  @Override
  public String toString() {
    return all.size() + " routes"; // the primary's URL may hold a password
  }
}
