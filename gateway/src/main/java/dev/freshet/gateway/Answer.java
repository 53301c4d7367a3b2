package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.ClientSession;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;

/**
 * An instance's answer on its way to the client.
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

  HttpHeaders headers() {
    return exchange.getResponse().getHeaders();
  }

  Instance instance() {
    return candidate.instance();
  }

  boolean isOfWrite() {
    return candidate.reason() == Candidate.Reason.WRITE;
  }

  /** Whether the client's session goes on with this answer. */
  boolean isOfSession() {
    return isOfWrite() || session.level() != Level.EVENTUAL;
  }

  /** Whether it says that something was done, or what there is; refusals promise nothing. */
  boolean isPromise() {
    if (exchange.getRequest().getMethod().equals(HttpMethod.OPTIONS)) {
      return false;
    }
    int status =
        Optional.ofNullable(exchange.getResponse().getStatusCode())
            .map(HttpStatusCode::value)
            .orElse(0);
    return isOfWrite() ? status < 400 : status < 400 || status == 404 || status == 410;
  }
}
