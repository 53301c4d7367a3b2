package dev.freshet.gateway;

import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Answers that the gateway makes itself. */
final class Refusals {

  private static final String NONE = "none";

  private final ProblemResponses problems;
  private final Answering answering;
  private final Consumer<Observation> observer;

  Refusals(ProblemResponses problems, Answering answering, Consumer<Observation> observer) {
    this.problems = problems;
    this.answering = answering;
    this.observer = observer;
  }

  /**
   * What is told of a request once it is over.
   *
   * @param route the route's id
   * @param startedNanos by {@link System#nanoTime}
   */
  record Told(String route, Intent intent, long startedNanos) {

    /** A request that begins now. */
    static Told of(Route route, Intent intent) {
      return new Told(route.id(), intent, System.nanoTime());
    }

    /** A request that no route takes begins now. */
    static Told unrouted(String method) {
      return new Told(NONE, Intent.of(method), System.nanoTime());
    }

    Duration took() {
      return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    Observation finished(String backend, int status) {
      return new Observation.Finished(route, intent, backend, status, took());
    }
  }

  /** Refuses a request because of its session. */
  Mono<Void> refuse(
      ServerWebExchange exchange, Route route, Requirement.Refused refused, Told told) {
    flawed(refused.flaw());
    if (refused.token() != null) {
      answering.giveInPlaceOfAll(exchange, route, refused.token());
    } else if (refused.problem().code() == ProblemCode.BAD_SESSION) {
      answering.takeAway(exchange, route);
    }
    return refuse(exchange, refused.problem().code(), refused.problem().detail(), told);
  }

  /** A token was not relied upon. */
  void flawed(@Nullable Flaw flaw) {
    if (flaw != null) {
      observer.accept(new Observation.TokenRefused(flaw));
    }
  }

  /** Refuses a request. */
  Mono<Void> refuse(ServerWebExchange exchange, ProblemCode code, String detail, Told told) {
    HttpHeaders headers = exchange.getResponse().getHeaders();
    headers.set("Proxy-Status", "freshet; error=%s".formatted(proxyError(code)));
    if (code.status() == 503) {
      headers.set(HttpHeaders.RETRY_AFTER, "1");
    }
    observer.accept(told.finished(NONE, code.status()));
    return problems.write(exchange.getResponse(), Problem.of(code, detail));
  }

  /** The error type of RFC 9209, 2.3, that says it best. */
  private static String proxyError(ProblemCode code) {
    return switch (code) {
      case NO_ROUTE -> "destination_not_found";
      case NO_INSTANCE, NOT_CAUGHT_UP, POSITION_LOST -> "destination_unavailable";
      case BACKEND_TIMEOUT -> "http_response_timeout";
      case BACKEND_UNREACHABLE -> "connection_refused";
      case OUTCOME_UNKNOWN -> "connection_terminated";
      default -> "http_request_denied";
    };
  }
}
