package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.ALLOW;
import static org.springframework.http.HttpHeaders.AUTHORIZATION;
import static org.springframework.http.HttpHeaders.CONTENT_LENGTH;
import static org.springframework.http.HttpHeaders.CONTENT_TYPE;
import static org.springframework.http.HttpHeaders.WWW_AUTHENTICATE;

import dev.freshet.gateway.Refusals.Told;
import dev.freshet.gateway.access.Admission;
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
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.Decision;
import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The first half of a request's way: its route, its intent, whether it may, and its filters. */
final class Intake {

  /** Reads with more content than this go only to copies that need not be waited for. */
  private static final int MOST_HELD_BYTES = 64 * 1024;

  private static final Duration CONTENT_WITHIN = Duration.ofSeconds(10);

  private final GraphQlIntent graphQlIntent = new GraphQlIntent();
  private final LiveRoutes live;
  private final RequestPath path;
  private final Mirroring mirroring;
  private final Refusals refusals;

  Intake(LiveRoutes live, RequestPath path, Mirroring mirroring, Refusals refusals) {
    this.live = live;
    this.path = path;
    this.mirroring = mirroring;
    this.refusals = refusals;
  }

  /**
   * Answers a request, one way or another. It ends on the generation of the routes on which it
   * began.
   *
   * @param filtered takes a request through its route's filters
   */
  Mono<Void> handle(Exchange exchange, Function<Taken, Mono<Void>> filtered) {
    return Mono.using(
        live::enter, generation -> handle(exchange, generation, filtered), Generation::leave);
  }

  private Mono<Void> handle(
      Exchange exchange, Generation generation, Function<Taken, Mono<Void>> filtered) {
    return switch (Decision.of(
        generation.routes(), exchange.method(), exchange.path(), exchange.headers()::getAll)) {
      case Decision.Unrouted(ProblemCode code, String detail) ->
          refusals.refuse(exchange, code, detail, Told.unrouted(exchange.method()));
      case Decision.Preflight(Route route, Cors cors) -> preflight(exchange, route, cors);
      case Decision.ByContent(Route route, GraphQl graphQl) ->
          byContent(exchange, generation, route, graphQl, filtered);
      case Decision.Routed routed -> routed(exchange, generation, routed, filtered);
    };
  }

  private Mono<Void> routed(
      Exchange exchange,
      Generation generation,
      Decision.Routed routed,
      Function<Taken, Mono<Void>> filtered) {
    return switch (routed) {
      case Decision.NotAllowed(Route route, Intent intent, String detail, List<String> allow) -> {
        Head head = Head.of(ProblemCode.METHOD_NOT_ALLOWED.status());
        head.headers().set(ALLOW, String.join(", ", allow));
        yield refusals.refuse(
            CrossOrigin.on(route, exchange),
            head,
            Problem.of(ProblemCode.METHOD_NOT_ALLOWED, detail),
            Told.of(route, intent));
      }
      case Decision.Taken(Route route, Intent intent) ->
          admit(new Visit(exchange, generation, route, intent, filtered));
    };
  }

  private Mono<Void> byContent(
      Exchange exchange,
      Generation generation,
      Route route,
      GraphQl graphQl,
      Function<Taken, Mono<Void>> filtered) {
    String method = exchange.method();
    String type = exchange.headers().get(CONTENT_TYPE, "");
    if (!exchange.hasBody()) {
      Content content = Content.of(exchange.target(), "", "");
      return routed(
          exchange,
          generation,
          Decision.of(route, method, graphQlIntent.of(content, graphQl).intent()),
          filtered);
    }
    if (!Content.isReadable(type) || declaredLength(exchange) > Content.MOST_BYTES) {
      return routed(exchange, generation, Decision.of(route, method, Intent.WRITE), filtered);
    }
    return held(
        exchange,
        Content.MOST_BYTES,
        Told.of(route, Intent.WRITE),
        held -> {
          Content content = Content.of(exchange.target(), type, held.text());
          return routed(
              held,
              generation,
              Decision.of(route, method, graphQlIntent.of(content, graphQl).intent()),
              filtered);
        });
  }

  /** In bytes; 0 where it does not say. */
  private static long declaredLength(Exchange exchange) {
    String length = exchange.headers().get(CONTENT_LENGTH, "0");
    return length.matches("\\d{1,18}") ? Long.parseLong(length) : 0;
  }

  /** Goes on once the request's content is all there. */
  private Mono<Void> held(
      Exchange exchange, int most, Told told, Function<HeldContent, Mono<Void>> onwards) {
    return HeldContent.read(exchange, most)
        .map(Optional::of)
        .timeout(CONTENT_WITHIN)
        .onErrorResume(
            failure ->
                refusals
                    .refuse(
                        exchange,
                        failure instanceof HeldContent.TooLarge
                            ? ProblemCode.TOO_LARGE
                            : ProblemCode.BAD_REQUEST,
                        failure instanceof HeldContent.TooLarge
                            ? failure.getMessage() + ", and does not say so before."
                            : "The content did not come in time, or not whole.",
                        told)
                    .then(Mono.just(Optional.empty())))
        .flatMap(
            content ->
                content
                    .map(bytes -> onwards.apply(new HeldContent(exchange, bytes)))
                    .orElseGet(Mono::empty));
  }

  private Mono<Void> preflight(Exchange exchange, Route route, Cors cors) {
    Told told = Told.of(route, route.intent(exchange.method()));
    return CrossOrigin.preflight(route, cors, exchange.headers())
        .map(head -> refusals.answer(exchange, head, told))
        .orElseGet(
            () ->
                refusals.refuse(
                    exchange,
                    ProblemCode.FORBIDDEN,
                    "Pages of this origin may not do that here (cors in routes.yaml).",
                    told));
  }

  /** A request that a route takes. */
  private record Visit(
      Exchange exchange,
      Generation generation,
      Route route,
      Intent intent,
      Function<Taken, Mono<Void>> filtered) {

    Admitted admitted(Exchange behindFilters, @Nullable String principal) {
      return new Admitted(
          CrossOrigin.on(route, behindFilters),
          generation.pools(),
          route,
          Told.of(route, intent),
          principal);
    }
  }

  private Mono<Void> admit(Visit visit) {
    return switch (Admission.of(
        visit.route().access(), visit.intent(), visit.exchange().headers().getAll(AUTHORIZATION))) {
      case Admission.Settled settled -> settled(settled, visit);
      case Admission.ByToken token -> {
        TokenCheck tokens = visit.generation().tokens().orElseThrow();
        yield tokens
            .known(token)
            .map(settled -> settled(settled, visit))
            .orElseGet(
                () ->
                    onLoop(visit.exchange(), tokens.check(token))
                        .flatMap(settled -> settled(settled, visit)));
      }
    };
  }

  private static <T> Mono<T> onLoop(Exchange exchange, Mono<T> elsewhere) {
    EventLoop loop = exchange.eventLoop();
    return loop == null ? elsewhere : elsewhere.publishOn(Schedulers.fromExecutor(loop));
  }

  private Mono<Void> settled(Admission.Settled settled, Visit visit) {
    return switch (settled) {
      case Admission.Refused(Problem problem, String challenge) -> {
        Head head = Head.of(problem.code().status());
        if (challenge != null) {
          head.headers().set(WWW_AUTHENTICATE, challenge);
        }
        yield refusals.refuse(
            CrossOrigin.on(visit.route(), visit.exchange()),
            head,
            problem,
            Told.of(visit.route(), visit.intent()));
      }
      case Admission.Admitted(String principal) ->
          visit.route().filters().isEmpty()
              ? goOn(visit, principal)
              : visit
                  .filtered()
                  .apply(
                      new Taken(
                          visit.generation().filters().of(visit.route()),
                          visit.route().variables(visit.exchange().path()),
                          visit.exchange() instanceof HeldContent held ? held.content() : null,
                          passed ->
                              mirroring.around(visit.admitted(passed, principal), path::goOn)));
    };
  }

  /** A read whose content is small is held, so that it can wait for copies as others do. */
  private Mono<Void> goOn(Visit visit, @Nullable String principal) {
    Exchange exchange = visit.exchange();
    if (visit.route().webSocket()
        && WebSockets.isAskedFor(exchange)
        && !CrossOrigin.mayOpen(visit.route(), exchange.headers())) {
      return refusals.refuse(
          exchange,
          ProblemCode.FORBIDDEN,
          "Pages of this origin may not open this (cors in routes.yaml).",
          Told.of(visit.route(), visit.intent()));
    }
    boolean isToBeHeld =
        visit.intent() == Intent.READ
            && !exchange.isRepeatable()
            && declaredLength(exchange) > 0
            && declaredLength(exchange) <= MOST_HELD_BYTES;
    return isToBeHeld
        ? held(
            exchange,
            MOST_HELD_BYTES,
            Told.of(visit.route(), visit.intent()),
            held -> mirroring.around(visit.admitted(held, principal), path::goOn))
        : mirroring.around(visit.admitted(exchange, principal), path::goOn);
  }
}
