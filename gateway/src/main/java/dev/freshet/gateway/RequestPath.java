package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.choice.Choice;
import dev.freshet.gateway.forward.Attempt;
import dev.freshet.gateway.forward.Forwarder;
import dev.freshet.gateway.pool.Pools;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.gateway.filter.GatewayFilterChain;
import org.springframework.cloud.gateway.filter.GlobalFilter;
import org.springframework.cloud.gateway.filter.RouteToRequestUrlFilter;
import org.springframework.cloud.gateway.support.ServerWebExchangeUtils;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.PathContainer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * The way of one request: route, intent, session, choice, then attempts until one answers.
 *
 * <p>It stands in Spring Cloud Gateway's chain where its own routing filters would.
 */
final class RequestPath implements GlobalFilter, Ordered {

  /** After the route's URL is set, before load balancing (10150). */
  private static final int ORDER = RouteToRequestUrlFilter.ROUTE_TO_URL_FILTER_ORDER + 50;

  private static final String INTERNAL_PATHS = ".freshet";
  private static final Set<String> NEVER_FORWARDED = Set.of("TRACE", "CONNECT");
  private static final String NONE = "none";

  /**
   * With less time than this left, an attempt would only blame an instance for the others' delay.
   */
  private static final Duration SHORTEST_ATTEMPT = Duration.ofMillis(10);

  private final Routes routes;
  private final Pools pools;
  private final Forwarder forwarder;
  private final ProblemResponses problems;
  private final Consumer<Observation> observer;
  private final Duration timeout;

  RequestPath(
      Routes routes,
      Pools pools,
      Forwarder forwarder,
      ProblemResponses problems,
      Consumer<Observation> observer,
      Duration timeout) {
    this.routes = routes;
    this.pools = pools;
    this.forwarder = forwarder;
    this.problems = problems;
    this.observer = observer;
    this.timeout = timeout;
  }

  @Override
  public int getOrder() {
    return ORDER;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, GatewayFilterChain chain) {
    ServerWebExchangeUtils.setAlreadyRouted(exchange);
    ServerHttpRequest request = exchange.getRequest();
    String method = request.getMethod().name();
    PathContainer path = request.getPath().pathWithinApplication();
    if (hasDotSegments(path)) {
      return refuse(
          exchange,
          ProblemCode.BAD_REQUEST,
          "The path holds '.' or '..' segments, which backends may read differently.",
          new Told(NONE, Intent.of(method), System.nanoTime()));
    }
    Optional<Route> matched = isInternal(path) ? Optional.empty() : routes.match(path);
    if (matched.isEmpty()) {
      return refuse(
          exchange,
          ProblemCode.NO_ROUTE,
          "No route takes %s %s.".formatted(method, path.value()),
          new Told(NONE, Intent.of(method), System.nanoTime()));
    }
    Route route = matched.get();
    Intent intent = route.intent(method);
    Told told = new Told(route.id(), intent, System.nanoTime());
    if (NEVER_FORWARDED.contains(method) || !route.takes(intent)) {
      exchange.getResponse().getHeaders().set(HttpHeaders.ALLOW, String.join(", ", route.allow()));
      return refuse(
          exchange,
          ProblemCode.METHOD_NOT_ALLOWED,
          "Route %s does not take %s.".formatted(route.id(), method),
          told);
    }
    return switch (session(route, intent, request.getHeaders())) {
      case ClientSession.Reading.Refused(Problem problem) ->
          refuse(exchange, problem.code(), problem.detail(), told);
      case ClientSession.Reading.Read(ClientSession session) -> {
        List<Candidate> candidates = candidates(route, intent, session);
        if (intent == Intent.READ && Forwarder.hasBody(request)) {
          // Its body can be sent once: only to an instance that needs not be waited for.
          candidates =
              candidates.stream()
                  .filter(candidate -> candidate.reason() != Candidate.Reason.WAITED)
                  .toList();
        }
        yield attempt(new Request(exchange, intent, session, candidates, told), 0);
      }
    };
  }

  private static boolean isInternal(PathContainer path) {
    return segments(path).findFirst().filter(INTERNAL_PATHS::equals).isPresent();
  }

  private static boolean hasDotSegments(PathContainer path) {
    return segments(path).anyMatch(segment -> segment.equals(".") || segment.equals(".."));
  }

  /** The path's segments, decoded as a backend would. */
  private static Stream<String> segments(PathContainer path) {
    return path.elements().stream()
        .filter(PathContainer.PathSegment.class::isInstance)
        .map(segment -> ((PathContainer.PathSegment) segment).valueToMatch());
  }

  private static ClientSession.Reading session(Route route, Intent intent, HttpHeaders headers) {
    List<String> tokens = headers.getOrEmpty(FreshetHeaders.SESSION);
    String token = tokens.isEmpty() ? null : String.join(",", tokens);
    return intent == Intent.READ && route.read() != null
        ? ClientSession.ofRead(route.read(), headers.getFirst(FreshetHeaders.CONSISTENCY), token)
        : ClientSession.ofWrite(token);
  }

  private List<Candidate> candidates(Route route, Intent intent, ClientSession session) {
    String pool = route.pool(intent).orElseThrow();
    return switch (intent) {
      case WRITE -> Choice.forWrite(pools.pool(pool));
      case READ -> {
        Route.Read read = Objects.requireNonNull(route.read());
        yield Choice.forRead(
            pools.pool(pool), session.required(), read.maxWait(), read.otherwise());
      }
    };
  }

  /** What is told of a request once it is over. */
  private record Told(String route, Intent intent, long startedNanos) {

    Duration took() {
      return Duration.ofNanos(System.nanoTime() - startedNanos);
    }
  }

  /** A request on its way through its candidates. */
  private record Request(
      ServerWebExchange exchange,
      Intent intent,
      ClientSession session,
      List<Candidate> candidates,
      Told told) {

    boolean isLast(int index) {
      return index == candidates.size() - 1;
    }

    /** A body that was sent is gone; a request without one can be made again. */
    boolean canBeRepeated() {
      return intent == Intent.READ && !Forwarder.hasBody(exchange.getRequest());
    }
  }

  private Mono<Void> attempt(Request request, int index) {
    if (index >= request.candidates().size()) {
      return refuse(
          request.exchange(),
          exhausted(request),
          "No instance can answer now; try again.",
          request.told());
    }
    Duration left = timeout.minus(request.told().took());
    if (left.compareTo(SHORTEST_ATTEMPT) < 0) {
      return refuse(
          request.exchange(),
          ProblemCode.BACKEND_TIMEOUT,
          "No instance answered in time.",
          request.told());
    }
    Candidate candidate = request.candidates().get(index);
    boolean mayDecline =
        request.canBeRepeated() && (candidate.minimum() != null || !request.isLast(index));
    return forwarder
        .send(
            request.exchange(),
            candidate,
            left,
            mayDecline,
            (headers, at) -> addHeaders(headers, request, candidate, at))
        .flatMap(attempt -> after(attempt, request, candidate, index));
  }

  private Mono<Void> after(Attempt attempt, Request request, Candidate candidate, int index) {
    return switch (attempt) {
      case Attempt.Answered(int status) -> {
        finished(request.told(), candidate.instance().spec().id(), status);
        if (request.intent() == Intent.READ) {
          observer.accept(
              new Observation.ReadAnswered(
                  candidate.instance().spec().kind().wireName(),
                  candidate.reason().text(),
                  candidate.reason() == Candidate.Reason.WAITED
                      ? request.told().took()
                      : Duration.ZERO));
        }
        yield Mono.empty();
      }
      case Attempt.Declined ignored -> attempt(request, index + 1);
      case Attempt.Unreachable(String reason) -> notSent(request, candidate, index, reason);
      case Attempt.NoConnection(String reason) -> notSent(request, candidate, index, reason);
      case Attempt.Unanswered(String reason) ->
          unanswered(
              request,
              index,
              ProblemCode.BACKEND_UNREACHABLE,
              "%s broke the connection without an answer.".formatted(candidate.instance()));
      case Attempt.TimedOut() ->
          unanswered(
              request,
              request.candidates().size(), // the deadline is spent
              ProblemCode.BACKEND_TIMEOUT,
              "%s did not answer within %d ms."
                  .formatted(candidate.instance(), timeout.toMillis()));
    };
  }

  /** Nothing was sent, so that even a write may be tried on the next instance. */
  private Mono<Void> notSent(Request request, Candidate candidate, int index, String reason) {
    return request.isLast(index)
        ? refuse(
            request.exchange(),
            ProblemCode.BACKEND_UNREACHABLE,
            "%s can't be reached, and nothing was sent to it: %s."
                .formatted(candidate.instance(), reason),
            request.told())
        : attempt(request, index + 1);
  }

  /** A write that was sent may have happened; only a read is tried again. */
  private Mono<Void> unanswered(Request request, int index, ProblemCode ofRead, String detail) {
    if (request.intent() == Intent.WRITE) {
      return refuse(
          request.exchange(),
          ProblemCode.OUTCOME_UNKNOWN,
          detail + " The write may have happened; read before trying again.",
          request.told());
    }
    return request.canBeRepeated() && index < request.candidates().size() - 1
        ? attempt(request, index + 1)
        : refuse(request.exchange(), ofRead, detail, request.told());
  }

  private static ProblemCode exhausted(Request request) {
    boolean anyWasBehind =
        request.candidates().stream().anyMatch(candidate -> candidate.minimum() != null);
    boolean noneCouldBeAsked =
        request.candidates().isEmpty()
            && request.session().required() != null
            && !request.canBeRepeated()
            && request.intent() == Intent.READ;
    return anyWasBehind || noneCouldBeAsked ? ProblemCode.NOT_CAUGHT_UP : ProblemCode.NO_INSTANCE;
  }

  private static void addHeaders(
      HttpHeaders headers, Request request, Candidate candidate, @Nullable Position at) {
    boolean isWrite = request.intent() == Intent.WRITE;
    headers.set(FreshetHeaders.SOURCE, source(request, candidate));
    boolean isPublic =
        String.valueOf(headers.getFirst(HttpHeaders.CACHE_CONTROL)).contains("public");
    if (!isPublic && (isWrite || request.session().level() != Level.EVENTUAL)) {
      request
          .session()
          .after(at, isWrite)
          .ifPresent(token -> headers.set(FreshetHeaders.SESSION, token.toString()));
    }
    if (!isWrite && request.session().level() != Level.EVENTUAL) {
      headers.add(HttpHeaders.VARY, FreshetHeaders.SESSION + ", " + FreshetHeaders.CONSISTENCY);
      if (!headers.containsHeader(HttpHeaders.CACHE_CONTROL)) {
        headers.setCacheControl("private, no-cache");
      }
    }
  }

  /** Which copy answered and why, as an RFC 9651 item with parameters. */
  private static String source(Request request, Candidate candidate) {
    String source =
        "%s;kind=%s;reason=%s"
            .formatted(
                candidate.instance().spec().id(),
                candidate.instance().spec().kind().wireName(),
                candidate.reason().text());
    return candidate.reason() == Candidate.Reason.WAITED
        ? source + ";waited-ms=" + request.told().took().toMillis()
        : source;
  }

  private Mono<Void> refuse(
      ServerWebExchange exchange, ProblemCode code, String detail, Told told) {
    HttpHeaders headers = exchange.getResponse().getHeaders();
    headers.set("Proxy-Status", "freshet; error=%s".formatted(proxyError(code)));
    if (code.status() == 503) {
      headers.set(HttpHeaders.RETRY_AFTER, "1");
    }
    finished(told, NONE, code.status());
    return problems.write(exchange.getResponse(), Problem.of(code, detail));
  }

  /** The error type of RFC 9209, 2.3, that says it best. */
  private static String proxyError(ProblemCode code) {
    return switch (code) {
      case NO_ROUTE -> "destination_not_found";
      case NO_INSTANCE, NOT_CAUGHT_UP -> "destination_unavailable";
      case BACKEND_TIMEOUT -> "http_response_timeout";
      case BACKEND_UNREACHABLE -> "connection_refused";
      case OUTCOME_UNKNOWN -> "connection_terminated";
      default -> "http_request_denied";
    };
  }

  private void finished(Told told, String backend, int status) {
    observer.accept(
        new Observation.Finished(told.route(), told.intent(), backend, status, told.took()));
  }
}
