package dev.freshet.gateway.routing;

import java.time.Duration;
import java.util.List;

/**
 * Which pages of other origins may use a route from a browser.
 *
 * @param origins such as {@code https://shop.example}; {@code https://*.shop.example} stands for
 *     every name below, {@code *} for every origin
 * @param credentials whether a page may send cookies along
 * @param maxAge how long a browser may remember what a preflight was answered
 */
public record Cors(List<String> origins, boolean credentials, Duration maxAge) {

  /** What pages may read of answers, beside what browsers let them read anyway. */
  public static final String EXPOSED =
      "Freshet-Session, Freshet-Source, ETag, Location, Content-Range";

  private static final String ANY = "*";

  public Cors {
    origins = List.copyOf(origins);
  }

  /** Whether pages of an origin may use the route. */
  public boolean allows(String origin) {
    return origins.stream().anyMatch(allowed -> covers(allowed, origin));
  }

  private static boolean covers(String allowed, String origin) {
    int below = allowed.indexOf("://*.");
    if (below < 0) {
      return allowed.equals(ANY) || allowed.equals(origin);
    }
    String scheme = allowed.substring(0, below + 3);
    String domain = allowed.substring(below + 4);
    return origin.startsWith(scheme)
        && origin.endsWith(domain)
        && origin.length() > scheme.length() + domain.length();
  }

  /** What {@code Access-Control-Allow-Origin} says to an origin that is allowed. */
  public String allowOrigin(String origin) {
    return origins.contains(ANY) && !credentials ? ANY : origin;
  }

  /** Whether a request asks what a page may do, rather than doing it. */
  public static boolean isPreflight(String method, Conditions.Headers headers) {
    return method.equals("OPTIONS")
        && !headers.all("Origin").isEmpty()
        && !headers.all("Access-Control-Request-Method").isEmpty();
  }
}
