package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS;
import static org.springframework.http.HttpHeaders.CACHE_CONTROL;
import static org.springframework.http.HttpHeaders.VARY;

import dev.freshet.gateway.Placing.Placed;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.SessionCookies;
import dev.freshet.gateway.forward.Forwarder.Verdict;
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.gateway.session.ClientSession;
import dev.freshet.gateway.session.ClientSession.Renewal;
import dev.freshet.gateway.session.Requirements.Requirement;
import dev.freshet.gateway.session.Sessions;
import dev.freshet.gateway.system.SystemView;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Adds to an answer what the gateway has to say: which copy it is from, the token, how to cache it.
 */
final class Answering {

  private final Sessions sessions;
  private final Placing placing;
  private final SystemView system;

  Answering(Sessions sessions, Placing placing, SystemView system) {
    this.sessions = sessions;
    this.placing = placing;
    this.system = system;
  }

  /** Adds the headers, unless the client must not have the answer. */
  Mono<Verdict> add(Answer answer, @Nullable Position told) {
    return placing
        .place(answer, told)
        .map(
            placed ->
                switch (placed) {
                  case Placed.At(ClientSession session, Position at) -> {
                    add(answer, session, at);
                    yield new Verdict.Passed();
                  }
                  case Placed.Apart(Position seen, Position at) -> {
                    addApart(answer, seen, at);
                    yield new Verdict.Passed();
                  }
                  case Placed.Withheld(Requirement.Refused refusal) ->
                      new Verdict.Withheld(refusal);
                });
  }

  private void add(Answer answer, ClientSession session, @Nullable Position at) {
    addSource(answer);
    if (!answer.isOfSession()) {
      // Or a cache would give it to one who asks for more.
      answer.headers().add(VARY, FreshetHeaders.CONSISTENCY);
      return;
    }
    addToken(answer, session, at);
    if (!answer.isOfWrite()) {
      addCaching(answer);
    }
  }

  /** The greater one first: tokens sort as strings. */
  private void addApart(Answer answer, @Nullable Position seen, Position at) {
    addSource(answer);
    give(answer, issue(answer, at), true);
    if (seen != null) {
      give(answer, issue(answer, seen), false);
    }
  }

  private static void addSource(Answer answer) {
    HttpHeaders headers = answer.headers();
    headers.set(FreshetHeaders.SOURCE, answer.source());
    if (headers.contains(ACCESS_CONTROL_ALLOW_ORIGIN)) {
      headers.add(ACCESS_CONTROL_EXPOSE_HEADERS, Cors.EXPOSED);
    }
  }

  private static void addCaching(Answer answer) {
    HttpHeaders headers = answer.headers();
    headers.add(
        VARY,
        FreshetHeaders.SESSION
            + ", "
            + FreshetHeaders.CONSISTENCY
            + (answer.route().sessionBy() == SessionBy.COOKIE ? ", Cookie" : ""));
    if (!headers.contains(CACHE_CONTROL)) {
      headers.set(CACHE_CONTROL, "private, no-cache");
    }
  }

  private void addToken(Answer answer, ClientSession session, @Nullable Position at) {
    Position after = session.after(at);
    if (after == null || !(answer.isOfWrite() || session.isAdvancedBy(at))) {
      return;
    }
    String token = issue(answer, after);
    // Not by a read: its answer may come later than that of a write.
    if (session.renewal() == Renewal.IN_PLACE_OF_ALL && answer.isOfWrite()) {
      giveInPlaceOfAll(answer.exchange(), answer.head(), answer.route(), token);
    } else {
      give(answer, token, answer.isOfWrite());
    }
  }

  private String issue(Answer answer, Position at) {
    return sessions.issue(at, answer.session().session(), system.systemIdentifier().orElse(null));
  }

  /** Gives a token, beside those that were given with this answer; never with a public one. */
  private void give(Answer answer, String token, boolean ofWrite) {
    HttpHeaders headers = answer.headers();
    if (headers.get(CACHE_CONTROL, "").contains("public")) {
      return;
    }
    switch (answer.route().sessionBy()) {
      case HEADER -> {
        String given = headers.get(FreshetHeaders.SESSION);
        headers.set(FreshetHeaders.SESSION, given == null ? token : given + ", " + token);
      }
      case COOKIE ->
          SessionCookies.set(
              headers, token, ofWrite, answer.exchange().isSecure(), sessions.lifetime());
    }
  }

  /** Gives a token where the client's others are worth nothing. */
  void giveInPlaceOfAll(Exchange exchange, Head head, Route route, String token) {
    switch (route.sessionBy()) {
      case HEADER -> head.headers().set(FreshetHeaders.SESSION, token);
      case COOKIE ->
          SessionCookies.setInPlaceOfAll(
              head.headers(), token, exchange.isSecure(), sessions.lifetime());
    }
  }

  /** Takes the tokens away that are worth nothing, from a client that can't do so itself. */
  void takeAway(Exchange exchange, Head head, Route route) {
    switch (route.sessionBy()) {
      case HEADER -> {
        // It sent them itself.
      }
      case COOKIE -> SessionCookies.takeAway(head.headers(), exchange.isSecure());
    }
  }
}
