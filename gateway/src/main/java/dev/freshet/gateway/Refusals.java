package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.ACCEPT;
import static org.springframework.http.HttpHeaders.CACHE_CONTROL;
import static org.springframework.http.HttpHeaders.CONNECTION;
import static org.springframework.http.HttpHeaders.CONTENT_LENGTH;
import static org.springframework.http.HttpHeaders.CONTENT_TYPE;
import static org.springframework.http.HttpHeaders.RETRY_AFTER;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.runtime.ProblemResponses;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderValues;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Answers that the gateway makes itself. */
final class Refusals {

  /** After these nobody can be sure where the client's next request begins. */
  private static final Set<ProblemCode> LEAVES_DOUBT =
      EnumSet.of(
          ProblemCode.BAD_REQUEST,
          ProblemCode.REQUEST_TIMEOUT,
          ProblemCode.TOO_LARGE,
          ProblemCode.URI_TOO_LONG,
          ProblemCode.HEADERS_TOO_LARGE);

  private final ProblemResponses problems;
  private final Answering answering;
  private final Consumer<Observation> observer;

  Refusals(ProblemResponses problems, Answering answering, Consumer<Observation> observer) {
    this.problems = problems;
    this.answering = answering;
    this.observer = observer;
  }

  /**
   * A request of which an observation is made once it is over.
   *
   * @param exchange as it came
   * @param route the route's id
   * @param startedNanos by {@link System#nanoTime}
   */
  record Requested(Exchange exchange, String route, Intent intent, long startedNanos) {

    /** A request that begins now. */
    static Requested of(Exchange exchange, Route route, Intent intent) {
      return new Requested(exchange, route.id(), intent, System.nanoTime());
    }

    /** A request that no route takes begins now. */
    static Requested unrouted(Exchange exchange) {
      return new Requested(
          exchange, Observation.NONE, Intent.of(exchange.method()), System.nanoTime());
    }

    Duration took() {
      return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    /** Over, by an answer of the gateway's own. */
    Observation finished(int status) {
      return new Observation.Finished(
          exchange, route, intent, Observation.NONE, status, took(), null);
    }

    /** Over, by an instance's answer. */
    Observation finished(String backend, int status, Observation.Answered answered) {
      return new Observation.Finished(exchange, route, intent, backend, status, took(), answered);
    }
  }

  /** Refuses a request because of its session. */
  Mono<Void> refuse(
      Exchange exchange, Route route, Requirement.Refused refused, Requested requested) {
    flawed(refused.flaw());
    Head head = Head.of(refused.problem().code().status());
    if (refused.token() != null) {
      answering.giveInPlaceOfAll(exchange, head, route, refused.token());
    } else if (refused.problem().code() == ProblemCode.BAD_SESSION) {
      answering.takeAway(exchange, head, route);
    }
    return refuse(exchange, head, refused.problem(), requested);
  }

  /** A token was not relied on. */
  void flawed(@Nullable Flaw flaw) {
    if (flaw != null) {
      observer.accept(new Observation.TokenRefused(flaw));
    }
  }

  /** Refuses a request. */
  Mono<Void> refuse(Exchange exchange, ProblemCode code, String detail, Requested requested) {
    return refuse(exchange, Head.of(code.status()), Problem.of(code, detail), requested);
  }

  /** Refuses a request with an answer that has headers already. */
  Mono<Void> refuse(Exchange exchange, Head head, Problem problem, Requested requested) {
    Problem.Code code = problem.code();
    boolean isPostgrest = expectsPostgrest(exchange);
    byte[] body = isPostgrest ? problems.body(PostgrestError.of(problem)) : problems.body(problem);
    head.headers()
        .set("Proxy-Status", "freshet; error=%s".formatted(proxyError(code)))
        .set(CONTENT_TYPE, isPostgrest ? PostgrestError.MEDIA_TYPE : Problem.MEDIA_TYPE)
        .set("X-Content-Type-Options", "nosniff")
        .set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        .set(CACHE_CONTROL, "no-store")
        .set(CONTENT_LENGTH, body.length);
    if (code.status() == 503) {
      head.headers().set(RETRY_AFTER, "1");
    }
    if (LEAVES_DOUBT.contains(code)) {
      head.headers().set(CONNECTION, HttpHeaderValues.CLOSE);
    }
    return answered(
        head,
        requested,
        () ->
            exchange.method().equals("HEAD")
                ? exchange.answer(head)
                : exchange.answer(head, Unpooled.wrappedBuffer(body)));
  }

  private static boolean expectsPostgrest(Exchange exchange) {
    return PostgrestError.isExpectedBy(
        exchange.headers().getAll(PostgrestError.CLIENT_INFO),
        exchange.headers().getAll(ACCEPT),
        exchange.headers().getAll(PostgrestError.PROFILE));
  }

  /** Answers a request without content, for the gateway itself. */
  Mono<Void> answer(Exchange exchange, Head head, Requested requested) {
    return answered(head, requested, () -> exchange.answer(head));
  }

  /** Answers a request with JSON, for the gateway itself. */
  Mono<Void> answer(Exchange exchange, String json, Requested requested) {
    byte[] content = json.getBytes(StandardCharsets.UTF_8);
    Head head = Head.of(200);
    head.headers()
        .set(CONTENT_TYPE, "application/json")
        .set("X-Content-Type-Options", "nosniff")
        .set(CACHE_CONTROL, "no-cache")
        .set(CONTENT_LENGTH, content.length);
    return answered(
        head,
        requested,
        () ->
            exchange.method().equals("HEAD")
                ? exchange.answer(head)
                : exchange.answer(head, Unpooled.wrappedBuffer(content)));
  }

  private Mono<Void> answered(Head head, Requested requested, Supplier<Mono<Void>> answering) {
    observer.accept(requested.finished(head.status()));
    return Mono.defer(answering);
  }

  /** A request failed by a fault of the gateway's own. */
  Mono<Void> failed(Exchange exchange) {
    return refuse(
        exchange,
        ProblemCode.INTERNAL,
        "The request failed; the log says why.",
        Requested.unrouted(exchange));
  }

  /** The error type of RFC 9209, 2.3, that says it best. */
  private static String proxyError(Problem.Code code) {
    return switch (code) {
      case ProblemCode.NO_ROUTE -> "destination_not_found";
      case ProblemCode.NO_INSTANCE, ProblemCode.NOT_CAUGHT_UP, ProblemCode.POSITION_LOST ->
          "destination_unavailable";
      case ProblemCode.BACKEND_TIMEOUT -> "http_response_timeout";
      case ProblemCode.BACKEND_UNREACHABLE -> "connection_refused";
      case ProblemCode.OUTCOME_UNKNOWN -> "connection_terminated";
      default -> "http_request_denied";
    };
  }
}
