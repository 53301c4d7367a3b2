package dev.freshet.gateway.routing;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.pattern.PathPattern;

/**
 * A route: which requests take it, and where they go.
 *
 * @param conditions what else a request has to say
 * @param methods intents of methods that differ from {@link Intent#of}
 * @param graphQl where the content says what a request means; null where the method does
 * @param read where reads go; null when the route takes none
 * @param write where writes go; null when the route takes none
 * @param webSocket whether WebSockets pass
 * @param sessionBy how session tokens travel
 * @param access who may use it
 * @param rate how many requests of one client it takes; null for any number
 * @param cors what pages of other origins may do; null to leave that to the backend
 * @param filters of Spring Cloud Gateway that requests and answers pass
 */
public record Route(
    String id,
    PathPattern path,
    Conditions conditions,
    Map<String, Intent> methods,
    @Nullable GraphQl graphQl,
    @Nullable Read read,
    @Nullable Write write,
    boolean webSocket,
    SessionBy sessionBy,
    Access access,
    @Nullable Rate rate,
    @Nullable Cors cors,
    List<FilterSpec> filters) {

  /**
   * Reads of a route.
   *
   * @param consistency of a request that names none
   * @param allowed the levels that a request may name
   * @param maxWait how long a request may wait for a copy to catch up, over all that are asked
   * @param maxStaleness how far behind a copy may be that answers at the levels eventual and
   *     session, unless there is no other; null for however far
   * @param hedgeAfter how long a copy may take until another one is asked, too; null for as long as
   *     it takes
   * @param mirror where some of the reads are sent, too; null for none
   * @param events whether they are answered by the events of a read database
   */
  public record Read(
      String pool,
      Consistency consistency,
      Set<Level> allowed,
      Duration maxWait,
      Otherwise otherwise,
      @Nullable Duration maxStaleness,
      @Nullable Duration hedgeAfter,
      @Nullable Mirrored mirror,
      boolean events) {

    /**
     * Reads that are sent to another pool, too, whose answers are compared and thrown away.
     *
     * @param percent how many of them, 1 to 100
     */
    public record Mirrored(String pool, int percent) {}

    /**
     * The level of a request.
     *
     * @param asked what the request names; null when it names none
     * @throws IllegalArgumentException when it names none that the route allows
     */
    public Consistency consistency(@Nullable String asked) {
      if (asked == null) {
        return consistency;
      }
      Consistency named = Consistency.parse(asked);
      if (!allowed.contains(named.level())) {
        throw new IllegalArgumentException(
            "This route does not allow %s; it allows %s (read.allow in routes.yaml)"
                .formatted(
                    named.level().text(),
                    allowed.stream().map(Level::text).collect(Collectors.joining(", "))));
      }
      if (named.level() == Level.BOUNDED && named.maxStaleness() == null) {
        if (consistency.level() != Level.BOUNDED) {
          throw new IllegalArgumentException(
              "bounded needs to be told how far; write bounded;max-staleness=SECONDS");
        }
        return consistency;
      }
      return named;
    }
  }

  /** Writes of a route. */
  public record Write(String pool) {}

  public Route {
    methods = Map.copyOf(methods);
    filters = List.copyOf(filters);
  }

  /** The same, with another pattern of its path. */
  Route at(PathPattern other) {
    return new Route(
        id,
        other,
        conditions,
        methods,
        graphQl,
        read,
        write,
        webSocket,
        sessionBy,
        access,
        rate,
        cors,
        filters);
  }

  boolean matches(PathContainer requestPath, Conditions.Headers headers) {
    return path.matches(requestPath) && conditions.areMet(headers);
  }

  /** The variables of its path, as a request that it takes has them; decoded. */
  public Map<String, String> variables(String requestPath) {
    PathPattern.PathMatchInfo match = path.matchAndExtract(PathContainer.parsePath(requestPath));
    return match == null ? Map.of() : match.getUriVariables();
  }

  /** What a method means here. */
  public Intent intent(String method) {
    return methods.getOrDefault(method, Intent.of(method));
  }

  /** The methods that the route takes, for {@code Allow}; those of writes by their usual names. */
  public Set<String> allow() {
    Set<String> allow = new TreeSet<>();
    for (String method :
        Set.of("GET", "HEAD", "OPTIONS", "QUERY", "POST", "PUT", "PATCH", "DELETE")) {
      boolean maySayOtherwise = graphQl != null && Decision.MEANT_BY_CONTENT.contains(method);
      if (maySayOtherwise || takes(intent(method))) {
        allow.add(method);
      }
    }
    return allow;
  }

  /** Whether the route takes requests of this intent. */
  public boolean takes(Intent intent) {
    return switch (intent) {
      case READ -> read != null;
      case WRITE -> write != null;
    };
  }

  /** Whether what it answers to reads is events, which have no end. */
  public boolean tellsEvents() {
    return read != null && read.events();
  }

  /** The pool that requests of this intent go to. */
  public Optional<String> pool(Intent intent) {
    return switch (intent) {
      case READ -> Optional.ofNullable(read).map(Read::pool);
      case WRITE -> Optional.ofNullable(write).map(Write::pool);
    };
  }
}
