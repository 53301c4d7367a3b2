package dev.freshet.gateway.exchange;

import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.protocol.FreshetHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.http.ResponseCookie;

/** Session tokens as cookies: one of what a client has written, one of what it has seen. */
public final class SessionCookies {

  private static final String WRITTEN = "freshet-written";
  private static final String SEEN = "freshet-seen";

  private SessionCookies() {}

  /**
   * The tokens that a request holds.
   *
   * @param by cookies count only where that is how tokens travel; the header always does
   */
  public static List<String> tokens(SessionBy by, HttpHeaders headers) {
    List<String> given = headers.getAll(FreshetHeaders.SESSION);
    return switch (by) {
      case HEADER -> given;
      case COOKIE ->
          Stream.concat(
                  given.stream(),
                  headers.getAll(HttpHeaderNames.COOKIE).stream()
                      .flatMap(header -> ServerCookieDecoder.LAX.decodeAll(header).stream())
                      .filter(cookie -> cookie.name().equals(WRITTEN) || cookie.name().equals(SEEN))
                      .map(Cookie::value))
              .toList();
    };
  }

  /**
   * Sets the cookie of a write or of a read. The other one stays: an answer that comes late must
   * not take away what a later one gave.
   *
   * @param isSecure whether the client came by TLS
   */
  public static void set(
      HttpHeaders headers, String token, boolean ofWrite, boolean isSecure, Duration lifetime) {
    add(headers, ofWrite ? WRITTEN : SEEN, token, isSecure, lifetime);
  }

  /** Sets one cookie, and takes the other away. */
  public static void setInPlaceOfAll(
      HttpHeaders headers, String token, boolean isSecure, Duration lifetime) {
    add(headers, WRITTEN, token, isSecure, lifetime);
    add(headers, SEEN, "", isSecure, Duration.ZERO);
  }

  /** Takes both cookies away. */
  public static void takeAway(HttpHeaders headers, boolean isSecure) {
    add(headers, WRITTEN, "", isSecure, Duration.ZERO);
    add(headers, SEEN, "", isSecure, Duration.ZERO);
  }

  private static void add(
      HttpHeaders headers, String name, String token, boolean isSecure, Duration lifetime) {
    headers.add(
        HttpHeaderNames.SET_COOKIE,
        ResponseCookie.from(name, token)
            .path("/")
            .httpOnly(true)
            .secure(isSecure)
            .sameSite("Lax")
            .maxAge(lifetime)
            .build()
            .toString());
  }
}
