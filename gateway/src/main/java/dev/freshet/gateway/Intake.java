package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.ALLOW;
import static org.springframework.http.HttpHeaders.AUTHORIZATION;
import static org.springframework.http.HttpHeaders.WWW_AUTHENTICATE;

import dev.freshet.gateway.Refusals.Requested;
import dev.freshet.gateway.access.Admission;
import dev.freshet.gateway.access.Principal;
import dev.freshet.gateway.access.TokenCheck;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.HeldContent;
import dev.freshet.gateway.filters.FilteredRoutes.Taken;
import dev.freshet.gateway.forward.WebSockets;
import dev.freshet.gateway.graphql.Content;
import dev.freshet.gateway.graphql.GraphQlIntent;
import dev.freshet.gateway.live.Generation;
import dev.freshet.gateway.live.LiveRoutes;
import dev.freshet.gateway.openapi.Documents;
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.Decision;
import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.wire.BrokenContent;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The first half of a request's way: its route, its intent, whether it may, and its filters. */
final class Intake {

  /** Reads with more content than this go only to copies that need not be waited for. */
  private static final int MOST_HELD_BYTES = 64 * 1024;

  /** Longer GraphQL is not parsed on an event loop, where others wait meanwhile. */
  private static final int PARSED_AT_ONCE = 4 * 1024;

  private final GraphQlIntent graphQlIntent = new GraphQlIntent();
  private final HeldContents contents = new HeldContents();
  private final LiveRoutes live;
  private final RequestPath path;
  private final RateLimiting rates;
  private final Mirroring mirroring;
  private final Documents documents;
  private final Refusals refusals;
  private final Scheduler blocking;

  /**
   * Prepares to take requests in.
   *
   * @param blocking where what takes long is done
   */
  Intake(
      LiveRoutes live,
      RequestPath path,
      RateLimiting rates,
      Mirroring mirroring,
      Documents documents,
      Refusals refusals,
      Scheduler blocking) {
    this.live = live;
    this.path = path;
    this.rates = rates;
    this.mirroring = mirroring;
    this.documents = documents;
    this.refusals = refusals;
    this.blocking = blocking;
  }

  /** A request on the generation of the routes on which it began. */
  private record Visit(
      Exchange exchange, Generation generation, Function<Taken, Mono<Void>> filtered) {

    Visit with(Exchange other) {
      return new Visit(other, generation, filtered);
    }

    /** The exchange by which the gateway answers for a route itself. */
    Exchange answering(Route route) {
      return CrossOrigin.on(route, exchange);
    }
  }

  /**
   * Answers a request, one way or another. It ends on the generation of the routes on which it
   * began.
   *
   * @param filtered takes a request through its route's filters
   */
  Mono<Void> handle(Exchange exchange, Function<Taken, Mono<Void>> filtered) {
    return Mono.using(
        live::enter,
        generation -> handle(new Visit(exchange, generation, filtered)),
        Generation::leave);
  }

  private Mono<Void> handle(Visit visit) {
    Exchange exchange = visit.exchange();
    if (exchange.path().equals(visit.generation().routes().openApi())
        && (exchange.method().equals("GET") || exchange.method().equals("HEAD"))) {
      return onLoop(exchange, documents.of(visit.generation()))
          .flatMap(document -> refusals.answer(exchange, document, Requested.unrouted(exchange)));
    }
    return switch (Decision.of(
        visit.generation().routes(),
        exchange.method(),
        exchange.path(),
        exchange.headers()::getAll)) {
      case Decision.Unrouted(ProblemCode code, String detail) ->
          refusals.refuse(exchange, code, detail, Requested.unrouted(exchange));
      case Decision.Preflight(Route route, Cors cors) -> preflight(exchange, route, cors);
      case Decision.ByContent(Route route, GraphQl graphQl) -> byContent(visit, route, graphQl);
      case Decision.Routed routed -> routed(visit, routed);
    };
  }

  private Mono<Void> preflight(Exchange exchange, Route route, Cors cors) {
    RequestTraces.tookRoute(exchange, route);
    Requested requested = Requested.of(exchange, route, route.intent(exchange.method()));
    return CrossOrigin.preflight(route, cors, exchange.headers())
        .map(head -> refusals.answer(exchange, head, requested))
        .orElseGet(
            () ->
                refusals.refuse(
                    exchange,
                    ProblemCode.FORBIDDEN,
                    "Pages of this origin may not do that here (cors in routes.yaml).",
                    requested));
  }

  private Mono<Void> routed(Visit visit, Decision.Routed routed) {
    RequestTraces.tookRoute(visit.exchange(), routed.route());
    return switch (routed) {
      case Decision.NotAllowed(Route route, Intent intent, String detail, List<String> allow) -> {
        Head head = Head.of(ProblemCode.METHOD_NOT_ALLOWED.status());
        head.headers().set(ALLOW, String.join(", ", allow));
        yield refusals.refuse(
            visit.answering(route),
            head,
            Problem.of(ProblemCode.METHOD_NOT_ALLOWED, detail),
            Requested.of(visit.exchange(), route, intent));
      }
      case Decision.Taken(Route route, Intent intent) ->
          admit(
              Admission.of(route.access(), intent, () -> authorization(visit)),
              visit,
              route,
              intent,
              admitted -> count(visit, route, intent, admitted.principal()));
    };
  }

  private static List<String> authorization(Visit visit) {
    return visit.exchange().headers().getAll(AUTHORIZATION);
  }

  /** Goes on, if the client may. */
  private Mono<Void> admit(
      Admission admission,
      Visit visit,
      Route route,
      Intent intent,
      Function<Admission.Admitted, Mono<Void>> onwards) {
    return switch (admission) {
      case Admission.Admitted admitted -> onwards.apply(admitted);
      case Admission.Refused(Problem problem, String challenge) -> {
        Head head = Head.of(problem.code().status());
        if (challenge != null) {
          head.headers().set(WWW_AUTHENTICATE, challenge);
        }
        yield refusals.refuse(
            visit.answering(route), head, problem, Requested.of(visit.exchange(), route, intent));
      }
      case Admission.ByToken token -> {
        TokenCheck tokens = visit.generation().tokens().orElseThrow();
        yield tokens
            .known(token)
            .map(settled -> admit(settled, visit, route, intent, onwards))
            .orElseGet(
                () ->
                    onLoop(visit.exchange(), tokens.check(token))
                        .flatMap(settled -> admit(settled, visit, route, intent, onwards)));
      }
    };
  }

  private static <T> Mono<T> onLoop(Exchange exchange, Mono<T> elsewhere) {
    EventLoop loop = exchange.eventLoop();
    return loop == null ? elsewhere : elsewhere.publishOn(Schedulers.fromExecutor(loop));
  }

  /** Nothing is read from a client who has not shown a token where all need one. */
  private Mono<Void> byContent(Visit visit, Route route, GraphQl graphQl) {
    RequestTraces.tookRoute(visit.exchange(), route);
    return admit(
        Admission.ofAnyIntent(route.access(), () -> authorization(visit)),
        visit,
        route,
        route.intent(visit.exchange().method()),
        admitted -> readContent(visit, route, graphQl));
  }

  private Mono<Void> readContent(Visit visit, Route route, GraphQl graphQl) {
    Exchange exchange = visit.exchange();
    Function<String, List<String>> headers = exchange.headers()::getAll;
    if (!exchange.hasBody()) {
      return meant(visit, route, graphQl, Content.of(exchange.target(), headers, ""));
    }
    Optional<Mono<Void>> held =
        Content.isReadable(headers)
            ? contents.hold(
                exchange,
                Content.MOST_BYTES,
                content ->
                    meant(
                        visit.with(content),
                        route,
                        graphQl,
                        Content.of(exchange.target(), headers, content.content())),
                failure -> notHeld(visit, route, Intent.WRITE, failure))
            : Optional.empty();
    return held.orElseGet(() -> routed(visit, Decision.of(route, exchange.method(), Intent.WRITE)));
  }

  private Mono<Void> meant(Visit visit, Route route, GraphQl graphQl, Content content) {
    String method = visit.exchange().method();
    if (content.length() <= PARSED_AT_ONCE) {
      return routed(visit, Decision.of(route, method, graphQlIntent.of(content, graphQl).intent()));
    }
    Mono<GraphQlIntent.Found> parsed =
        Mono.fromCallable(() -> graphQlIntent.of(content, graphQl)).subscribeOn(blocking);
    return onLoop(visit.exchange(), parsed)
        .flatMap(found -> routed(visit, Decision.of(route, method, found.intent())));
  }

  private Mono<Void> notHeld(Visit visit, Route route, Intent intent, Throwable failure) {
    if (failure instanceof BrokenContent.Failure broken) {
      return refusals.refuse(
          visit.answering(route),
          broken.code(),
          String.valueOf(broken.getMessage()),
          Requested.of(visit.exchange(), route, intent));
    }
    boolean isTooLarge = failure instanceof HeldContent.TooLarge;
    return refusals.refuse(
        visit.answering(route),
        isTooLarge ? ProblemCode.TOO_LARGE : ProblemCode.REQUEST_TIMEOUT,
        isTooLarge
            ? failure.getMessage() + ", and does not say so before; send it with Content-Length."
            : "The content did not come in time, or not whole; send it again.",
        Requested.of(visit.exchange(), route, intent));
  }

  private Mono<Void> count(Visit visit, Route route, Intent intent, @Nullable Principal principal) {
    return rates
        .refusal(route, visit.exchange(), principal)
        .map(
            head ->
                refusals.refuse(
                    visit.answering(route),
                    head,
                    Problem.of(
                        ProblemCode.TOO_MANY_REQUESTS,
                        "This route takes no more of your requests now; Retry-After says when."),
                    Requested.of(visit.exchange(), route, intent)))
        .orElseGet(() -> passFilters(visit, route, intent, principal));
  }

  private Mono<Void> passFilters(
      Visit visit, Route route, Intent intent, @Nullable Principal principal) {
    return route.filters().isEmpty()
        ? goOn(visit, route, intent, principal)
        : visit
            .filtered()
            .apply(
                new Taken(
                    visit.generation().filters().of(route),
                    route.variables(visit.exchange().path()),
                    visit.exchange().body(),
                    visit.exchange().trace(),
                    passed -> leave(visit.with(passed), route, intent, principal)));
  }

  /** A read whose content is small is held, so that it can wait for copies as others do. */
  private Mono<Void> goOn(Visit visit, Route route, Intent intent, @Nullable Principal principal) {
    Exchange exchange = visit.exchange();
    if (route.webSocket() && WebSockets.isAskedFor(exchange)) {
      return openWebSocket(visit, route, intent, principal);
    }
    boolean isToBeHeld =
        intent == Intent.READ
            && !exchange.isRepeatable()
            && HeldContents.declaredLength(exchange) > 0;
    Optional<Mono<Void>> held =
        isToBeHeld
            ? contents.hold(
                exchange,
                MOST_HELD_BYTES,
                content -> leave(visit.with(content), route, intent, principal),
                failure -> notHeld(visit, route, intent, failure))
            : Optional.empty();
    return held.orElseGet(() -> leave(visit, route, intent, principal));
  }

  private Mono<Void> openWebSocket(
      Visit visit, Route route, Intent intent, @Nullable Principal principal) {
    Requested requested = Requested.of(visit.exchange(), route, intent);
    Optional<String> objection = WebSockets.objection(visit.exchange());
    if (objection.isPresent()) {
      Head head = Head.of(ProblemCode.BAD_REQUEST.status());
      head.headers().set(WebSockets.VERSION_HEADER, WebSockets.VERSION);
      return refusals.refuse(
          visit.answering(route),
          head,
          Problem.of(ProblemCode.BAD_REQUEST, objection.get()),
          requested);
    }
    return CrossOrigin.mayOpen(route, visit.exchange().headers())
        ? leave(visit, route, intent, principal)
        : refusals.refuse(
            visit.answering(route),
            ProblemCode.FORBIDDEN,
            "Pages of this origin may not open this (cors in routes.yaml).",
            requested);
  }

  /**
   * To the second half of its way. Whatever leaves for a backend passes here, behind the filters,
   * which may have led it to where no request may go.
   */
  private Mono<Void> leave(Visit visit, Route route, Intent intent, @Nullable Principal principal) {
    Requested requested = Requested.of(visit.exchange(), route, intent);
    Optional<Decision.Unrouted> led =
        route.filters().isEmpty()
            ? Optional.empty()
            : Decision.objectionOnLeaving(visit.exchange().method(), visit.exchange().path());
    return led.map(
            objection ->
                refusals.refuse(
                    visit.answering(route), objection.code(), objection.detail(), requested))
        .orElseGet(
            () ->
                mirroring.around(
                    new Admitted(
                        visit.answering(route),
                        visit.generation().pools(),
                        route,
                        requested,
                        principal),
                    path::goOn));
  }
}
