package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.SessionCookies;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.source.FreshnessGate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
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
  private final SystemView system;

  Answering(Sessions sessions, SystemView system) {
    this.sessions = sessions;
    this.system = system;
  }

  /**
   * An answer on its way to the client.
   *
   * @param source the value of {@code Freshet-Source}
   */
  record Answer(
      ServerHttpRequest request,
      Route route,
      Intent intent,
      ClientSession session,
      Candidate candidate,
      String source) {

    private Answer with(ClientSession other) {
      return new Answer(request, route, intent, other, candidate, source);
    }

    /** Whether the client's session goes on with this answer. */
    private boolean isOfSession() {
      return intent == Intent.WRITE || session.level() != Level.EVENTUAL;
    }
  }

  /** Adds the headers, asking for the position first where the backend did not tell it. */
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
        .map(Optional::of)
        .defaultIfEmpty(Optional.empty())
        .flatMap(position -> addAt(headers, answer, position.orElse(null)));
  }

  private Mono<Void> addAt(HttpHeaders headers, Answer answer, @Nullable Position at) {
    if (!answer.session().isOvertakenBy(at)) {
      addAll(headers, answer, at);
      return Mono.empty();
    }
    // A promotion came between request and answer: what the client had seen may be lost.
    return system
        .ask()
        .map(Optional::of)
        .defaultIfEmpty(Optional.empty())
        .doOnNext(
            asked ->
                system
                    .history()
                    .filter(history -> !system.isHistoryAwaited())
                    .flatMap(answer.session()::carriedOver)
                    .ifPresentOrElse(
                        session -> addAll(headers, answer.with(session), at),
                        () -> addAll(headers, answer, answer.session().seen())))
        .then();
  }

  /** After a write the primary's, after a read that of the database that was read. */
  private Mono<Position> position(Answer answer) {
    return switch (answer.intent()) {
      case WRITE -> system.ask();
      case READ ->
          answer
              .candidate()
              .instance()
              .database()
              .map(FreshnessGate::positionAfresh)
              .orElseGet(Mono::empty);
    };
  }

  private void addAll(HttpHeaders headers, Answer answer, @Nullable Position at) {
    headers.set(FreshetHeaders.SOURCE, answer.source());
    if (headers.getAccessControlAllowOrigin() != null) {
      headers.add(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    if (!answer.isOfSession()) {
      return;
    }
    boolean isPublic =
        String.valueOf(headers.getFirst(HttpHeaders.CACHE_CONTROL)).contains("public");
    if (!isPublic) {
      addToken(headers, answer, at);
    }
    if (answer.intent() == Intent.READ) {
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

  private void addToken(HttpHeaders headers, Answer answer, @Nullable Position at) {
    boolean isWrite = answer.intent() == Intent.WRITE;
    ClientSession session = answer.session();
    Position after = session.after(at);
    if (after == null || !(isWrite || session.isAdvancedBy(at))) {
      return;
    }
    String token = sessions.issue(after, session.session(), system.systemIdentifier().orElse(null));
    giveToken(headers, answer.request(), answer.route(), token, isWrite);
  }

  /** Gives a token with an answer of the gateway's own. */
  void giveToken(ServerWebExchange exchange, Route route, String token) {
    giveToken(exchange.getResponse().getHeaders(), exchange.getRequest(), route, token, true);
  }

  private void giveToken(
      HttpHeaders headers,
      ServerHttpRequest request,
      Route route,
      String token,
      boolean isWritten) {
    switch (route.sessionBy()) {
      case HEADER -> headers.set(FreshetHeaders.SESSION, token);
      case COOKIE -> {
        boolean isSecure = request.getSslInfo() != null;
        SessionCookies.set(headers, token, isWritten, isSecure, sessions.lifetime());
      }
    }
  }
}
