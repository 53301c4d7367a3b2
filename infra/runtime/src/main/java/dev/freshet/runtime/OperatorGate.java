package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Asks operators for their token, where there is one. Beyond loopback there must be. Only the two
 * questions that orchestrators ask, whether the part lives and is ready, are answered to everybody.
 */
public final class OperatorGate implements WebFilter {

  /** The environment variable that may hold the token. */
  public static final String TOKEN_VARIABLE = "FRESHET_OPERATOR_TOKEN";

  private static final int SHORTEST_TOKEN = 16;

  private static final String SCHEME = "Bearer ";
  private static final String SHOWN = OperatorGate.class.getName() + ".shown";
  private static final Set<String> OPEN =
      Set.of("/actuator/health/liveness", "/actuator/health/readiness");

  /** A page of the part's own loads what the part has, and nothing else from nowhere else. */
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final byte[] expected;
  private final Set<String> pages;
  private final ProblemResponses problems;

  /**
   * Guards a port.
   *
   * @param listen the address that it listens on
   * @param token that operators send; empty for none
   * @param pages paths, or beginnings of paths that end with a slash, of what is the same for
   *     everybody and holds no secret
   * @throws IllegalArgumentException when there has to be a token, or it is too short
   */
  public OperatorGate(String listen, String token, Set<String> pages, ProblemResponses problems) {
    check(listen, token);
    this.pages = Set.copyOf(pages);
    this.expected = token.getBytes(StandardCharsets.UTF_8);
    this.problems = problems;
  }

  /**
   * Checks what a port would be guarded with.
   *
   * @throws IllegalArgumentException when there has to be a token, or it is too short
   */
  public static void check(String listen, String token) {
    if (token.isEmpty() && !InetAddress.ofLiteral(listen).isLoopbackAddress()) {
      throw new IllegalArgumentException(
          "Operators' endpoints would listen on %s, beyond loopback, without a token. Write one to a file and name it with --operator-token-file, or have them listen on loopback."
              .formatted(listen));
    }
    if (!token.isEmpty() && token.length() < SHORTEST_TOKEN) {
      throw new IllegalArgumentException(
          "The operators' token is too short; it takes at least %d characters, such as those of: openssl rand -base64 24"
              .formatted(SHORTEST_TOKEN));
    }
  }

  /** Whether a request has come with the operators' token. */
  static boolean hasShownToken(ServerRequest request) {
    return request.attribute(SHOWN).isPresent();
  }

  /** The value of {@code Authorization} for a token. */
  public static String authorization(String token) {
    return SCHEME + token;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    HttpHeaders answer = exchange.getResponse().getHeaders();
    answer.set("X-Content-Type-Options", "nosniff");
    answer.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    answer.set("Referrer-Policy", "no-referrer");
    answer.setCacheControl(CacheControl.noStore());
    if (expected.length == 0 || isOpen(exchange.getRequest().getPath().value())) {
      return chain.filter(exchange);
    }
    if (isShown(exchange.getRequest().getHeaders().getOrEmpty(HttpHeaders.AUTHORIZATION))) {
      exchange.getAttributes().put(SHOWN, true);
      return chain.filter(exchange);
    }
    return refuse(exchange.getResponse());
  }

  /** Paths that could be read in two ways are not. */
  private boolean isOpen(String path) {
    boolean isPlain = !path.contains("..") && !path.contains("%") && !path.contains("//");
    return OPEN.contains(path)
        || pages.contains(path)
        || (isPlain
            && pages.stream()
                .anyMatch(
                    page -> page.length() > 1 && page.endsWith("/") && path.startsWith(page)));
  }

  private boolean isShown(List<String> authorization) {
    return authorization.size() == 1
        && authorization.getFirst().startsWith(SCHEME)
        && MessageDigest.isEqual(
            authorization.getFirst().substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8),
            expected);
  }

  private Mono<Void> refuse(ServerHttpResponse response) {
    Problem problem =
        Problem.of(
            ProblemCode.UNAUTHENTICATED,
            "This is for operators; send their token as Authorization: Bearer TOKEN.");
    response.getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, SCHEME.strip());
    return problems.write(response, problem);
  }
}
