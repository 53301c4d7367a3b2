package dev.freshet.gateway.routing;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Panic;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.PathContainer;

/** All that a routes file says, checked; the first route that matches is taken. */
public final class Routes {

  private final List<Route> all;
  private final RouteIndex index;
  private final Neighbours neighbours;
  private final boolean areGuarded;
  private final @Nullable PostgresUrl primary;
  private final @Nullable Issuer issuer;
  private final List<URI> sync;
  private final List<URI> publish;
  private final Map<String, List<InstanceSpec>> pools;
  private final Map<String, Panic> panics;
  private final @Nullable String openApi;

  /**
   * Puts them together.
   *
   * @param primary URL of the primary's database, where positions are asked for that backends don't
   *     tell; null without
   * @param issuer of tokens that routes ask for; null when none does
   * @param sync status addresses of the cdc-syncs, for operators
   * @param publish the same of the publishers
   * @param pools instances by pool
   * @param panics of pools that say when all of them are asked
   * @param openApi the path of the API's description, in OpenAPI; null for none
   */
  public Routes(
      List<Route> all,
      @Nullable PostgresUrl primary,
      @Nullable Issuer issuer,
      List<URI> sync,
      List<URI> publish,
      Map<String, List<InstanceSpec>> pools,
      Map<String, Panic> panics,
      @Nullable String openApi) {
    this.all = List.copyOf(all);
    this.index = new RouteIndex(all);
    this.neighbours = new Neighbours(all);
    this.areGuarded = all.stream().anyMatch(route -> route.access() instanceof Access.Scoped);
    this.primary = primary;
    this.issuer = issuer;
    this.sync = List.copyOf(sync);
    this.publish = List.copyOf(publish);
    this.pools = Map.copyOf(pools);
    this.panics = Map.copyOf(panics);
    this.openApi = openApi;
  }

  /** Whether any of them asks for tokens. */
  public boolean areGuarded() {
    return areGuarded;
  }

  /** In the file's order. */
  public List<Route> all() {
    return all;
  }

  public @Nullable PostgresUrl primary() {
    return primary;
  }

  public @Nullable Issuer issuer() {
    return issuer;
  }

  public List<URI> sync() {
    return sync;
  }

  /** Status addresses of the publishers, for operators. */
  public List<URI> publish() {
    return publish;
  }

  public Map<String, List<InstanceSpec>> pools() {
    return pools;
  }

  /** Of pools that say when all of them are asked; {@link Panic#USUAL} of the others. */
  public Map<String, Panic> panics() {
    return panics;
  }

  /** The path of the API's description, in OpenAPI; null for none. */
  public @Nullable String openApi() {
    return openApi;
  }

  /** What can be used as it is, and may not be what was meant; a sentence each. */
  public List<String> notes() {
    return Stream.concat(
            all.stream().flatMap(route -> note(route).stream()), neighbours.notes(index).stream())
        .toList();
  }

  private Optional<String> note(Route route) {
    Route.Read read = route.read();
    if (read == null || read.otherwise() != Otherwise.PRIMARY) {
      return Optional.empty();
    }
    List<InstanceSpec> pool = pools.getOrDefault(read.pool(), List.of());
    boolean needsPrimary =
        !pool.isEmpty()
            && pool.stream().noneMatch(instance -> instance.kind() == SourceKind.PRIMARY);
    return needsPrimary
        ? Optional.of(
            "Route %s sends reads that no copy answers in time to the primary, and pool %s has no instance of kind primary: they are refused with 503. Add one (with the URL of a writer, where that answers reads, too), or say otherwise: stale or fail."
                .formatted(route.id(), read.pool()))
        : Optional.empty();
  }

  /** The route that a request takes. */
  public Optional<Route> match(PathContainer requestPath, Conditions.Headers headers) {
    return index.match(requestPath, headers);
  }

  /**
   * A route with access rules that a request has slipped past by the spelling of its path.
   *
   * @param taken the route that it has taken
   * @param path as it was sent
   */
  Optional<Route> passedBy(Route taken, String path, Conditions.Headers headers) {
    return areGuarded ? neighbours.passedBy(taken, path, headers) : Optional.empty();
  }

  @Override
  public String toString() {
    return all.size() + " routes"; // the primary's URL may hold a password
  }
}
