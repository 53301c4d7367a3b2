package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_MAX_AGE;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS;
import static org.springframework.http.HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD;
import static org.springframework.http.HttpHeaders.HOST;
import static org.springframework.http.HttpHeaders.ORIGIN;
import static org.springframework.http.HttpHeaders.VARY;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.exchange.WithHeaders;
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.Route;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers browsers' questions of CORS on routes that have {@code cors} (Fetch Standard, 3.2). */
final class CrossOrigin {

  private static final int NO_CONTENT = 204;

  private CrossOrigin() {}

  /** The exchange, whose answer will say what the route allows to pages of other origins. */
  static Exchange on(Route route, Exchange exchange) {
    Cors cors = route.cors();
    return cors == null
        ? exchange
        : new WithHeaders(exchange, answer -> allow(cors, exchange.headers().get(ORIGIN), answer));
  }

  /** What a backend says of it does not count here. */
  private static void allow(Cors cors, @Nullable String origin, HttpHeaders answer) {
    List.copyOf(answer.names()).stream()
        .filter(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"))
        .forEach(answer::remove);
    // Also where there is no origin: a cache must not give that answer to a page.
    answer.add(VARY, ORIGIN);
    if (origin == null || !cors.allows(origin)) {
      return;
    }
    allowOrigin(cors, origin, answer);
    answer.set(ACCESS_CONTROL_EXPOSE_HEADERS, Cors.EXPOSED);
  }

  private static void allowOrigin(Cors cors, String origin, HttpHeaders answer) {
    answer.set(ACCESS_CONTROL_ALLOW_ORIGIN, cors.allowOrigin(origin));
    if (cors.credentials()) {
      answer.set(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
  }

  /**
   * Whether a WebSocket may be opened. Browsers ask nobody before they do; on routes without cors
   * that is left to the backend.
   */
  static boolean mayOpen(Route route, HttpHeaders asked) {
    Cors cors = route.cors();
    String origin = asked.get(ORIGIN);
    return cors == null
        || origin == null
        || cors.allows(origin)
        || origin.replaceFirst("^https?://", "").equalsIgnoreCase(asked.get(HOST, ""));
  }

  /**
   * The answer to a preflight.
   *
   * @return empty when the origin or the method is not allowed
   */
  static Optional<Head> preflight(Route route, Cors cors, HttpHeaders asked) {
    String origin = asked.get(ORIGIN, "");
    String method = asked.get(ACCESS_CONTROL_REQUEST_METHOD, "");
    if (!cors.allows(origin) || !route.takes(route.intent(method))) {
      return Optional.empty();
    }
    Head head = Head.of(NO_CONTENT);
    allowOrigin(cors, origin, head.headers());
    head.headers()
        .set(ACCESS_CONTROL_ALLOW_METHODS, method)
        .set(ACCESS_CONTROL_MAX_AGE, Long.toString(cors.maxAge().toSeconds()))
        .set(
            VARY,
            String.join(
                ", ", ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS));
    String headers = asked.get(ACCESS_CONTROL_REQUEST_HEADERS);
    if (headers != null) {
      head.headers().set(ACCESS_CONTROL_ALLOW_HEADERS, headers);
    }
    return Optional.of(head);
  }
}
