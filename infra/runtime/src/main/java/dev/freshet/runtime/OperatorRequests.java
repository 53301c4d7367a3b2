package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import reactor.netty.http.server.HttpServerRequest;

/**
 * Tells an operator's request from one that a web page makes behind an operator's back.
 *
 * <p>A page elsewhere names itself as {@code Origin}. One that had its own name resolve to this
 * machine (DNS rebinding) names itself as {@code Host}; so a name counts only when it is {@code
 * localhost} or one that was configured. An IP address can't be rebound.
 */
final class OperatorRequests {

  private static final String LOCALHOST = "localhost";

  /** What orchestrators ask, by whatever name they know a part. */
  private static final Set<String> PROBES =
      Set.of("/actuator/health/liveness", "/actuator/health/readiness");

  private final Set<String> names;

  /**
   * Takes requests under these names.
   *
   * @throws IllegalArgumentException when one is no host's name
   */
  OperatorRequests(Collection<String> names) {
    this.names = names.stream().map(OperatorRequests::name).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Takes requests under the names of a setting.
   *
   * @param setting with commas between them; empty for none
   * @throws IllegalArgumentException when one is no host's name
   */
  static OperatorRequests under(String setting) {
    return new OperatorRequests(setting.isBlank() ? List.of() : List.of(setting.split(",", -1)));
  }

  private static String name(String text) {
    return Authority.parse(text.strip())
        .filter(named -> named.port() == Authority.NO_PORT)
        .map(Authority::host)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is not a host name. Give --operator-host a name alone, without scheme and port, such as prometheus.internal."
                        .formatted(text)));
  }

  /** Whether a path is one of the two that are answered to everybody. */
  static boolean isProbe(String path) {
    return PROBES.contains(path);
  }

  /** What speaks against answering a request; empty when nothing does. */
  Optional<Problem> objection(ServerHttpRequest request) {
    return objection(target(request), request.getHeaders());
  }

  /** As it was sent: Spring leaves the host of a target in absolute form out. */
  private static String target(ServerHttpRequest request) {
    return ServerHttpRequestDecorator.getNativeRequest(request) instanceof HttpServerRequest sent
        ? sent.uri()
        : request.getURI().getRawPath();
  }

  /**
   * What speaks against answering a request; empty when nothing does.
   *
   * @param target as it was sent: a path, or in absolute form
   */
  Optional<Problem> objection(String target, HttpHeaders headers) {
    List<String> hosts = headers.getOrEmpty(HttpHeaders.HOST);
    if (hosts.size() != 1) {
      return Optional.of(
          Problem.of(ProblemCode.BAD_REQUEST, "A request has exactly one Host header."));
    }
    // RFC 9112, 3.2.2: the target counts, not the Host beside it. Here both have to be right.
    Optional<Problem> ofTarget = Authority.ofTarget(target).flatMap(this::ofHost);
    Optional<Problem> ofHost = ofHost(hosts.getFirst());
    return ofTarget.or(() -> ofHost).or(() -> ofOrigin(hosts.getFirst(), headers));
  }

  private Optional<Problem> ofHost(String text) {
    Optional<Authority> host = Authority.parse(text);
    if (host.isEmpty()) {
      return Optional.of(
          Problem.of(
              ProblemCode.BAD_REQUEST,
              "The Host header is not valid. Send a host name or an IP address, optionally with a port."));
    }
    return isOurs(host.get())
        ? Optional.empty()
        : Optional.of(
            Problem.of(
                ProblemCode.MISDIRECTED,
                "This port for operators does not answer to the name '%s', only to IP addresses, localhost and configured names. If the name is right, start this part with --operator-host=%1$s."
                    .formatted(host.get().host())));
  }

  private boolean isOurs(Authority host) {
    return host.isAddress() || host.host().equals(LOCALHOST) || names.contains(host.host());
  }

  private static Optional<Problem> ofOrigin(String host, HttpHeaders headers) {
    List<String> origins = headers.getOrEmpty(HttpHeaders.ORIGIN);
    boolean isOwn =
        origins.isEmpty()
            || (origins.size() == 1
                && Authority.parse(host).orElseThrow().isOriginOf(origins.getFirst()));
    return isOwn
        ? Optional.empty()
        : Optional.of(
            Problem.of(
                ProblemCode.FORBIDDEN,
                "This port for operators does not answer web pages of another origin (%s)."
                    .formatted(String.join(", ", origins))));
  }
}
