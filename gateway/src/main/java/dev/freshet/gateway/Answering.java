package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.forward.AnswerWithheld;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.ClientSession.Renewal;
import dev.freshet.gateway.session.Requirements;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.SessionCookies;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.gateway.session.Sessions.Flaw;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.protocol.SourceKind;
import dev.freshet.protocol.TimelineHistory;
import dev.freshet.runtime.source.FreshnessGate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * Adds to an answer what the gateway has to say: which copy it is from, the token, how to cache it.
 */
final class Answering {

  private static final String EXPOSED =
      String.join(
          ", ",
          FreshetHeaders.SESSION,
          FreshetHeaders.SOURCE,
          HttpHeaders.ETAG,
          HttpHeaders.LOCATION,
          HttpHeaders.CONTENT_RANGE);

  private final Sessions sessions;
  private final Requirements requirements;
  private final SystemView system;

  Answering(Sessions sessions, Requirements requirements, SystemView system) {
    this.sessions = sessions;
    this.requirements = requirements;
    this.system = system;
  }

  /**
   * An answer on its way to the client.
   *
   * @param source the value of {@code Freshet-Source}
   * @param timeline that the system was on when the request was sent; 0 while that was unknown
   */
  record Answer(
      ServerWebExchange exchange,
      Route route,
      ClientSession session,
      Candidate candidate,
      String source,
      int timeline) {

    private Answer with(ClientSession other) {
      return new Answer(exchange, route, other, candidate, source, timeline);
    }

    private boolean isOfWrite() {
      return candidate.reason() == Candidate.Reason.WRITE;
    }

    /** Whether the client's session goes on with this answer. */
    private boolean isOfSession() {
      return isOfWrite() || session.level() != Level.EVENTUAL;
    }

    private boolean isSuccess() {
      HttpStatusCode status = exchange.getResponse().getStatusCode();
      return status != null && status.is2xxSuccessful();
    }
  }

  /**
   * Adds the headers, asking for the position first where the backend did not tell it.
   *
   * @return ends with an {@link AnswerWithheld} when the client must not have the answer
   */
  Mono<Void> add(HttpHeaders headers, Answer answer, @Nullable Position told) {
    if (!answer.isOfSession()) {
      addAll(headers, answer, told);
      return Mono.empty();
    }
    if (told != null) {
      if (answer.candidate().instance().spec().kind() == SourceKind.PRIMARY) {
        system.heard(told);
      }
      return addAt(headers, answer, told);
    }
    return position(answer)
        .singleOptional()
        .flatMap(
            asked ->
                asked.isPresent() && !(answer.isOfWrite() && isOvertaken(answer, asked.get()))
                    ? addAt(headers, answer, asked.get())
                    : addUnknown(headers, answer));
  }

  /** Where the primary is says nothing of a write that was sent to the one before. */
  private static boolean isOvertaken(Answer answer, Position asked) {
    return answer.timeline() != 0 && asked.timeline() != answer.timeline();
  }

  /** After a write the primary's, after a read that of the database that was read. */
  private Mono<Position> position(Answer answer) {
    return answer.isOfWrite()
        ? system.ask()
        : answer
            .candidate()
            .instance()
            .database()
            .map(FreshnessGate::positionAfresh)
            .orElseGet(Mono::empty);
  }

  /** Nobody can say where the answer stands: nothing can be promised of it. */
  private Mono<Void> addUnknown(HttpHeaders headers, Answer answer) {
    Instance instance = answer.candidate().instance();
    if (answer.isSuccess() && answer.isOfWrite() && system.lastKnown().isPresent()) {
      return withheld(
          ProblemCode.OUTCOME_UNKNOWN,
          "%s answered with success, and the primary was gone before it could be asked where that stands. The write may be lost; read before trying again."
              .formatted(instance));
    }
    if (answer.isSuccess() && !answer.isOfWrite() && instance.isToTellPosition()) {
      return withheld(
          ProblemCode.NOT_CAUGHT_UP,
          "%s did not say where its answer stands; try again.".formatted(instance));
    }
    addAll(headers, answer, null);
    return Mono.empty();
  }

  private static Mono<Void> withheld(ProblemCode code, String detail) {
    return Mono.error(new AnswerWithheld(Requirement.Refused.of(code, detail)));
  }

  private Mono<Void> addAt(HttpHeaders headers, Answer answer, Position at) {
    if (!system.isFormer(at) && !answer.session().isOvertakenBy(at)) {
      addAll(headers, answer, at);
      return Mono.empty();
    }
    // A promotion came between request and answer.
    return system
        .ask()
        .singleOptional()
        .flatMap(
            asked ->
                answer.isOfWrite()
                    ? addToWrite(headers, answer, at)
                    : addToRead(headers, answer, at));
  }

  /** What was written may be lost by the promotion, and what the client had seen before, too. */
  private Mono<Void> addToWrite(HttpHeaders headers, Answer answer, Position at) {
    Optional<TimelineHistory> history = system.toldHistory();
    if (history.isEmpty()) {
      // Each is judged by itself once the history is told.
      addSource(headers, answer);
      if (answer.session().seen() != null) {
        give(headers, answer, issue(answer, answer.session().seen()), false);
      }
      give(headers, answer, issue(answer, at), true);
      return Mono.empty();
    }
    Optional<Position> placed = history.get().carriedOver(at);
    if (placed.isEmpty()) {
      return withheld(
          ProblemCode.OUTCOME_UNKNOWN,
          "%s wrote it as a former primary, and the new one does not have it. Read before trying again."
              .formatted(answer.candidate().instance()));
    }
    answer
        .session()
        .carriedOver(history.get())
        .ifPresentOrElse(
            session -> addAll(headers, answer.with(session), placed.get()),
            // It is told so with its next request.
            () -> addAll(headers, answer, answer.session().seen()));
    return Mono.empty();
  }

  /** What was read may be of what is lost, or lack what the client had seen and is lost. */
  private Mono<Void> addToRead(HttpHeaders headers, Answer answer, Position at) {
    Optional<Position> placed = system.toldHistory().flatMap(history -> history.carriedOver(at));
    if (placed.isEmpty()) {
      return withheld(
          ProblemCode.NOT_CAUGHT_UP,
          "%s answered while the primary was replaced; try again."
              .formatted(answer.candidate().instance()));
    }
    return switch (requirements.afterPromotion(answer.session(), placed.get(), null)) {
      case Requirement.Met(ClientSession session, Flaw ignored) -> {
        addAll(headers, answer.with(session), placed.get());
        yield Mono.empty();
      }
      case Requirement.Refused refused -> Mono.error(new AnswerWithheld(refused));
      case Requirement.DependsOnPrimary ignored ->
          throw new IllegalStateException("The primary was asked");
    };
  }

  private void addAll(HttpHeaders headers, Answer answer, @Nullable Position at) {
    addSource(headers, answer);
    if (!answer.isOfSession()) {
      return;
    }
    boolean isPublic =
        String.valueOf(headers.getFirst(HttpHeaders.CACHE_CONTROL)).contains("public");
    if (!isPublic) {
      addToken(headers, answer, at);
    }
    if (!answer.isOfWrite()) {
      headers.add(
          HttpHeaders.VARY,
          FreshetHeaders.SESSION
              + ", "
              + FreshetHeaders.CONSISTENCY
              + (answer.route().sessionBy() == SessionBy.COOKIE ? ", Cookie" : ""));
      if (!headers.containsHeader(HttpHeaders.CACHE_CONTROL)) {
        headers.setCacheControl("private, no-cache");
      }
    }
  }

  private static void addSource(HttpHeaders headers, Answer answer) {
    headers.set(FreshetHeaders.SOURCE, answer.source());
    if (headers.getAccessControlAllowOrigin() != null) {
      headers.add(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
  }

  private void addToken(HttpHeaders headers, Answer answer, @Nullable Position at) {
    ClientSession session = answer.session();
    Position after = session.after(at);
    if (after == null || !(answer.isOfWrite() || session.isAdvancedBy(at))) {
      return;
    }
    String token = issue(answer, after);
    if (session.renewal() == Renewal.IN_PLACE_OF_ALL) {
      giveInPlaceOfAll(headers, answer.exchange(), answer.route(), token);
    } else {
      give(headers, answer, token, answer.isOfWrite());
    }
  }

  private String issue(Answer answer, Position at) {
    return sessions.issue(at, answer.session().session(), system.systemIdentifier().orElse(null));
  }

  private void give(HttpHeaders headers, Answer answer, String token, boolean ofWrite) {
    switch (answer.route().sessionBy()) {
      case HEADER -> {
        String given = headers.getFirst(FreshetHeaders.SESSION);
        headers.set(FreshetHeaders.SESSION, given == null ? token : given + ", " + token);
      }
      case COOKIE ->
          SessionCookies.set(
              headers, token, ofWrite, isSecure(answer.exchange()), sessions.lifetime());
    }
  }

  private static boolean isSecure(ServerWebExchange exchange) {
    return exchange.getRequest().getSslInfo() != null;
  }

  /** Gives a token with an answer of the gateway's own: the client's others are worth nothing. */
  void giveInPlaceOfAll(ServerWebExchange exchange, Route route, String token) {
    giveInPlaceOfAll(exchange.getResponse().getHeaders(), exchange, route, token);
  }

  private void giveInPlaceOfAll(
      HttpHeaders headers, ServerWebExchange exchange, Route route, String token) {
    switch (route.sessionBy()) {
      case HEADER -> headers.set(FreshetHeaders.SESSION, token);
      case COOKIE ->
          SessionCookies.setInPlaceOfAll(headers, token, isSecure(exchange), sessions.lifetime());
    }
  }

  /** Takes the tokens away that are worth nothing, from a client that can't do so itself. */
  void takeAway(ServerWebExchange exchange, Route route) {
    switch (route.sessionBy()) {
      case HEADER -> {
        // It sent them itself.
      }
      case COOKIE ->
          SessionCookies.takeAway(exchange.getResponse().getHeaders(), isSecure(exchange));
    }
  }
}
