package dev.freshet.runtime;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * Tells an operator's request from one that a web page makes behind an operator's back.
 *
 * <p>A page elsewhere names itself as Origin; one that had its name resolve to this machine (DNS
 * rebinding) names itself as Host.
 */
final class OperatorRequests {

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[?[0-9a-f:.]+(%\\w+)?]?");

  private OperatorRequests() {}

  /** What speaks against acting on a request; empty when nothing does. */
  static Optional<String> objection(ServerRequest request) {
    return objection(request.headers().asHttpHeaders(), OperatorGate.hasShownToken(request));
  }

  /**
   * What speaks against acting on a request with these headers.
   *
   * @param hasShownToken whether it came with the operators' token, which no page knows
   */
  static Optional<String> objection(HttpHeaders headers, boolean hasShownToken) {
    InetSocketAddress host = headers.getHost();
    if (host == null) {
      return Optional.of("A change needs a Host header.");
    }
    String name = host.getHostString().toLowerCase(Locale.ROOT);
    if (!hasShownToken && !name.equals("localhost") && !ADDRESS.matcher(name).matches()) {
      return Optional.of(
          "Changes are taken under an address or localhost, not under the name '%s'."
              .formatted(name));
    }
    String origin = headers.getOrigin();
    if (origin != null && !isSame(origin, name, host.getPort())) {
      return Optional.of("Changes are not taken from pages of %s.".formatted(origin));
    }
    return Optional.empty();
  }

  private static boolean isSame(String origin, String host, int port) {
    try {
      URI from = URI.create(origin);
      return host.equalsIgnoreCase(from.getHost()) && from.getPort() == (port == 0 ? -1 : port);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
