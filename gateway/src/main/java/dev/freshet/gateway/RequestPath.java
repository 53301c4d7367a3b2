package dev.freshet.gateway;

import dev.freshet.gateway.Refusals.Requested;
import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.choice.Choice;
import dev.freshet.gateway.choice.FallbackBudget;
import dev.freshet.gateway.choice.FullText;
import dev.freshet.gateway.choice.RetryBudget;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.SessionCookies;
import dev.freshet.gateway.forward.Attempt;
import dev.freshet.gateway.forward.Declining;
import dev.freshet.gateway.forward.Forwarder;
import dev.freshet.gateway.forward.Forwarding;
import dev.freshet.gateway.forward.Hedge;
import dev.freshet.gateway.forward.Outgoing;
import dev.freshet.gateway.forward.WebSockets;
import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The way of one request that its route lets in: session, choice, then attempts until one answers.
 */
final class RequestPath {

  /**
   * With less time than this left, an attempt would only blame an instance for the others' delay.
   */
  private static final Duration SHORTEST_ATTEMPT = Duration.ofMillis(10);

  private final Stages stages;
  private final Refusals refusals;
  private final Consumer<Observation> observer;
  private final Duration timeout;

  /** What a request passes, in this order. */
  record Stages(
      Requirements requirements,
      SystemView system,
      FallbackBudget fallbacks,
      RetryBudget retries,
      Forwarding forwarding,
      Forwarder forwarder,
      Answering answering) {}

  RequestPath(Stages stages, Refusals refusals, Consumer<Observation> observer, Duration timeout) {
    this.stages = stages;
    this.refusals = refusals;
    this.observer = observer;
    this.timeout = timeout;
  }

  /** Answers a request that its route lets in, one way or another. */
  Mono<Void> goOn(Admitted admitted) {
    Exchange exchange = admitted.exchange();
    Route route = admitted.route();
    Consistency consistency = null;
    if (admitted.intent() == Intent.READ) {
      try {
        consistency =
            Objects.requireNonNull(route.read())
                .consistency(exchange.headers().get(FreshetHeaders.CONSISTENCY));
      } catch (IllegalArgumentException e) {
        return refusals.refuse(
            exchange, ProblemCode.LEVEL_NOT_ALLOWED, e.getMessage() + ".", admitted.requested());
      }
    }
    return goOn(
        stages
            .requirements()
            .of(consistency, SessionCookies.tokens(route.sessionBy(), exchange.headers())),
        admitted.asItsInstancesAreAsked());
  }

  private Mono<Void> goOn(Requirement requirement, Admitted admitted) {
    return switch (requirement) {
      case Requirement.DependsOnPrimary depends ->
          stages
              .system()
              .ask()
              .singleOptional()
              .flatMap(asked -> goOn(depends.then().apply(asked), admitted));
      case Requirement.Refused refused ->
          refusals.refuse(admitted.exchange(), admitted.route(), refused, admitted.requested());
      case Requirement.Met(ClientSession session, Flaw flaw) -> {
        refusals.flawed(flaw);
        yield attempt(
            new Request(
                admitted,
                session,
                FullText.first(
                    admitted.exchange().target(),
                    Choice.of(
                        admitted.pool(),
                        admitted.route(),
                        admitted.intent(),
                        session,
                        admitted.exchange().isRepeatable()))),
            0);
      }
    };
  }

  /** A request on its way through its candidates. */
  private record Request(Admitted admitted, ClientSession session, List<Candidate> candidates) {

    Exchange exchange() {
      return admitted.exchange();
    }

    Route route() {
      return admitted.route();
    }

    Requested requested() {
      return admitted.requested();
    }

    Intent intent() {
      return admitted.intent();
    }

    boolean isLast(int index) {
      return index == candidates.size() - 1;
    }

    /** The next copy that is far behind, and yet what the route promises; empty without one. */
    OptionalInt staleAfter(int index) {
      for (int next = index + 1; next < candidates.size(); next++) {
        if (candidates.get(next).reason() == Candidate.Reason.STALE) {
          return OptionalInt.of(next);
        }
      }
      return OptionalInt.empty();
    }

    /** Whether an answer counts when it begins: it has no end. */
    boolean countsAtItsBeginning(int status) {
      return status == WebSockets.SWITCHING_PROTOCOLS
          || (status == HttpResponseStatus.OK.code() && route().tellsEvents());
    }

    boolean canBeRepeated() {
      return intent() == Intent.READ && exchange().isRepeatable();
    }

    /** Whether another instance can be asked for what was sent already. */
    boolean mayMove(int index) {
      return canBeRepeated() && !isLast(index);
    }
  }

  /** Tells clients apart, for budgets. */
  private String client(Request request) {
    String session = request.session().session();
    return session != null ? session : stages.forwarding().client(request.exchange()).orElse("");
  }

  private Mono<Void> attempt(Request request, int index) {
    if (index == 0 && request.intent() == Intent.READ) {
      stages.retries().earn();
    }
    if (index >= request.candidates().size()) {
      ProblemCode code = exhausted(request);
      return refusals.refuse(
          request.exchange(),
          code,
          code == ProblemCode.NOT_CAUGHT_UP
              ? "No copy reached the required position in time. Retry."
              : "No instance can answer now. Retry.",
          request.requested());
    }
    if (left(request).compareTo(SHORTEST_ATTEMPT) < 0) {
      return refusals.refuse(
          request.exchange(),
          ProblemCode.BACKEND_TIMEOUT,
          "No instance answered in time.",
          request.requested());
    }
    Candidate candidate = request.candidates().get(index);
    if (candidate.reason() == Candidate.Reason.FALLBACK
        && !stages.fallbacks().spend(client(request))) {
      observer.accept(new Observation.FellBack("refused"));
      OptionalInt stale = request.staleAfter(index);
      if (stale.isPresent()) {
        return attempt(request, stale.getAsInt());
      }
      return refusals.refuse(
          request.exchange(),
          ProblemCode.NOT_CAUGHT_UP,
          "No copy reached the required position in time, and the fallback budget for the primary is"
              + " exhausted. Retry after a second.",
          request.requested());
    }
    Duration hedgeAfter = hedgeAfter(request, index);
    EventLoop loop = request.exchange().eventLoop();
    return hedgeAfter == null || loop == null
        ? send(request, new Turn(index, false, () -> true))
            .flatMap(attempt -> after(attempt, request, index))
        : Hedge.of(loop, hedgeAfter, hedged(request, index))
            .flatMap(ended -> after(ended.attempt(), request, index + ended.place().offset()));
  }

  /**
   * Whose turn it is.
   *
   * @param isHedge whether another instance is late
   * @param leads takes the right to answer the client, where two are asked
   */
  private record Turn(int index, boolean isHedge, BooleanSupplier leads) {}

  private Mono<Attempt> send(Request request, Turn turn) {
    Candidate candidate = request.candidates().get(turn.index());
    int timeline = stages.system().timeline();
    boolean mayMove = request.mayMove(turn.index());
    Declining declining =
        mayMove || turn.isHedge()
            ? request.route().tellsEvents()
                ? Declining.WHEN_IT_TELLS_NO_EVENTS
                : Declining.WHEN_IT_CAN_NOT_SERVE
            : request.canBeRepeated() ? Declining.WHEN_BEHIND : Declining.NEVER;
    Duration left = left(request);
    // While there is another one to ask, time is left for it.
    Duration share = mayMove ? left.dividedBy(2) : left;
    return stages
        .forwarder()
        .send(
            new Forwarder.Try(
                new Outgoing(request.exchange(), request.admitted().principal(), candidate, share),
                request.admitted().isWebSocket(),
                declining,
                () -> mayMove && stages.retries().spend(),
                turn.leads(),
                (head, at) -> answer(request, turn, timeline, head, at)));
  }

  private Duration left(Request request) {
    return timeout.minus(request.requested().took());
  }

  /** After which time the next instance is to be asked, too; null when it is not. */
  private static @Nullable Duration hedgeAfter(Request request, int index) {
    Route.Read read = request.route().read();
    return request.intent() == Intent.READ
            && read != null
            && read.hedgeAfter() != null
            && request.mayMove(index)
            && !request.admitted().isWebSocket()
            && request.candidates().get(index).canBeHedgedBy(request.candidates().get(index + 1))
        ? read.hedgeAfter()
        : null;
  }

  private Hedge.Attempts hedged(Request request, int index) {
    return new Hedge.Attempts() {
      @Override
      public Mono<Attempt> at(Hedge.Place place, BooleanSupplier leads) {
        return send(request, new Turn(index + place.offset(), place == Hedge.Place.SECOND, leads));
      }

      @Override
      public boolean maySecond() {
        return left(request).compareTo(SHORTEST_ATTEMPT) >= 0 && stages.retries().spend();
      }

      @Override
      public void came(Hedge.Outcome outcome) {
        observer.accept(new Observation.Hedged(request.route().id(), outcome));
      }
    };
  }

  /** Adds to an instance's answer what the gateway has to say. */
  private Mono<Forwarder.Verdict> answer(
      Request request, Turn turn, int timeline, Head head, @Nullable Position at) {
    Candidate candidate = request.candidates().get(turn.index());
    return stages
        .answering()
        .add(
            new Answer(
                request.exchange(),
                head,
                request.route(),
                request.session(),
                candidate,
                source(request, candidate, turn.isHedge()),
                timeline),
            at)
        .doOnNext(given -> began(given, head.status(), request, candidate));
  }

  private void began(Forwarder.Verdict verdict, int status, Request request, Candidate candidate) {
    if (verdict instanceof Forwarder.Verdict.Passed) {
      Duration took = request.requested().took();
      observer.accept(new Observation.AnswerBegan(request.intent(), took));
      if (request.countsAtItsBeginning(status)) {
        answered(request, candidate, status, took);
      }
    }
  }

  private void answered(Request request, Candidate candidate, int status, Duration upstream) {
    boolean hasWaited = candidate.reason() == Candidate.Reason.WAITED;
    Duration waited = hasWaited ? request.requested().took() : Duration.ZERO;
    observer.accept(
        request
            .requested()
            .finished(
                candidate.instance().spec().id(),
                status,
                new Observation.Answered(candidate.reason(), waited, upstream)));
    if (request.intent() == Intent.READ) {
      observer.accept(
          new Observation.ReadAnswered(
              candidate.instance().spec().kind().wireName(),
              candidate.reason(),
              waited,
              candidate.instance().lagSeconds()));
    }
  }

  private Mono<Void> after(Attempt attempt, Request request, int index) {
    Candidate candidate = request.candidates().get(index);
    return switch (attempt) {
      case Attempt.Answered(int status, Duration upstream) -> {
        if (!request.countsAtItsBeginning(status)) {
          answered(request, candidate, status, upstream);
        }
        yield Mono.empty();
      }
      case Attempt.Declined(boolean failed) ->
          !failed || stages.retries().spend()
              ? attempt(request, index + 1)
              : refusals.refuse(
                  request.exchange(),
                  ProblemCode.NO_INSTANCE,
                  "%s can't serve now, and the retry budget of the gateway is exhausted. Retry after a second."
                      .formatted(candidate.instance()),
                  request.requested());
      case Attempt.Withheld(Requirement.Refused refusal) ->
          refusal.problem().code() == ProblemCode.NOT_CAUGHT_UP && request.mayMove(index)
              ? attempt(request, index + 1)
              : refusals.refuse(request.exchange(), request.route(), refusal, request.requested());
      case Attempt.Unreachable(String reason) ->
          notSent(
              request,
              index,
              ProblemCode.BACKEND_UNREACHABLE,
              "%s can't be reached, and nothing was sent to it: %s."
                  .formatted(candidate.instance(), reason));
      case Attempt.NoConnection(String reason) ->
          notSent(
              request,
              index,
              ProblemCode.NO_INSTANCE,
              "%s is at its limit of requests (%s). Nothing was sent. Retry after a second."
                  .formatted(candidate.instance(), reason));
      case Attempt.Moved() -> attempt(request, index + 1);
      case Attempt.ContentBroken(ProblemCode code, String detail) ->
          refusals.refuse(request.exchange(), code, detail, request.requested());
      case Attempt.Unanswered(String reason) ->
          unanswered(
              request,
              index,
              ProblemCode.BACKEND_UNREACHABLE,
              "%s broke the connection without an answer.".formatted(candidate.instance()));
      case Attempt.Unreadable(String reason) ->
          unanswered(
              request,
              index,
              ProblemCode.BACKEND_UNREACHABLE,
              "The answer of %s can't be passed on: %s.".formatted(candidate.instance(), reason));
      case Attempt.TimedOut() ->
          unanswered(
              request,
              index,
              ProblemCode.BACKEND_TIMEOUT,
              "%s did not answer in time.".formatted(candidate.instance()));
    };
  }

  /** Nothing was sent, so that even a write may be tried on the next instance. */
  private Mono<Void> notSent(Request request, int index, ProblemCode code, String detail) {
    return request.isLast(index)
        ? refusals.refuse(request.exchange(), code, detail, request.requested())
        : attempt(request, index + 1);
  }

  /** A write that was sent may have happened; only a read is tried again. */
  private Mono<Void> unanswered(Request request, int index, ProblemCode ofRead, String detail) {
    if (request.intent() == Intent.WRITE) {
      return refusals.refuse(
          request.exchange(),
          ProblemCode.OUTCOME_UNKNOWN,
          detail + " The write may have happened; read before trying again.",
          request.requested());
    }
    return request.mayMove(index) && stages.retries().spend()
        ? attempt(request, index + 1)
        : refusals.refuse(request.exchange(), ofRead, detail, request.requested());
  }

  private static ProblemCode exhausted(Request request) {
    boolean anyWasBehind =
        request.candidates().stream().anyMatch(candidate -> candidate.minimum() != null);
    boolean noneCouldBeAsked =
        request.candidates().isEmpty()
            && request.intent() == Intent.READ
            && (request.session().isUnmeetable()
                || (request.session().required() != null && !request.canBeRepeated()));
    return anyWasBehind || noneCouldBeAsked ? ProblemCode.NOT_CAUGHT_UP : ProblemCode.NO_INSTANCE;
  }

  /** Which copy answered and why, as an RFC 9651 item with parameters. */
  private static String source(Request request, Candidate candidate, boolean isHedge) {
    String source =
        candidate.instance().spec().id()
            + ";kind="
            + candidate.instance().spec().kind().wireName()
            + ";reason="
            + candidate.reason().text()
            + (isHedge ? ";hedged" : "");
    return candidate.reason() == Candidate.Reason.WAITED
        ? source + ";waited-ms=" + request.requested().took().toMillis()
        : source;
  }
}
