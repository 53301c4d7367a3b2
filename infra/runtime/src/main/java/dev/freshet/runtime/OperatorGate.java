package dev.freshet.runtime;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Stands before everything on a port for operators. Which of these a request is asked for:
 *
 * <table>
 *   <caption>What is asked of which endpoint</caption>
 *   <tr><th>endpoint</th><th>Host</th><th>Origin</th><th>token, where there is one</th></tr>
 *   <tr><td>{@code /actuator/health/liveness}, {@code /actuator/health/readiness}</td>
 *     <td>any</td><td>any</td><td>no</td></tr>
 *   <tr><td>the console's page and files, the runbook</td><td>ours</td><td>own</td><td>no</td></tr>
 *   <tr><td>all others: reads, events, changes, {@code /actuator}, what does not exist</td>
 *     <td>ours</td><td>own</td><td>yes</td></tr>
 * </table>
 *
 * <p>A Host is ours when it is an IP address, {@code localhost} or one of the configured names;
 * else the answer is 421. An Origin is own when it is that of the Host itself, port included; a
 * request without one is not a page's. Else the answer is 403. Beyond loopback there must be a
 * token; without it the answer is 401.
 */
public final class OperatorGate implements WebFilter {

  /** The environment variable that may hold the token. */
  public static final String TOKEN_VARIABLE = "FRESHET_OPERATOR_TOKEN";

  /** How many characters a token has at least. */
  public static final int SHORTEST_TOKEN = 16;

  private static final String SCHEME = "Bearer ";

  /** A page of the part's own loads what the part has, and nothing else from nowhere else. */
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final OperatorRequests requests;
  private final byte[] expected;
  private final Set<String> pages;
  private final ProblemResponses problems;

  /**
   * Guards a port.
   *
   * @param listen the address that it listens on
   * @param names that it is asked by, beside addresses and {@code localhost}, with commas between
   *     them
   * @param token that operators send; empty for none
   * @param pages paths, or beginnings of paths that end with a slash, of what is the same for
   *     everybody and holds no secret
   * @throws IllegalArgumentException when there has to be a token, or it is too short, or a name is
   *     none
   */
  public OperatorGate(
      String listen, String names, String token, Set<String> pages, ProblemResponses problems) {
    check(listen, token);
    this.requests = OperatorRequests.under(names);
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

  /**
   * Checks names that operators ask by.
   *
   * @throws IllegalArgumentException when one is no host's name
   */
  public static void checkNames(Collection<String> names) {
    OperatorRequests _ = new OperatorRequests(names);
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
    String path = exchange.getRequest().getPath().value();
    if (OperatorRequests.isProbe(path)) {
      return chain.filter(exchange);
    }
    Optional<Problem> objection = requests.objection(exchange.getRequest());
    if (objection.isPresent()) {
      return problems.write(exchange.getResponse(), objection.get());
    }
    return expected.length == 0
            || isPage(path)
            || isShown(exchange.getRequest().getHeaders().getOrEmpty(HttpHeaders.AUTHORIZATION))
        ? chain.filter(exchange)
        : refuse(exchange.getResponse());
  }

  /** Paths that could be read in two ways are not. */
  private boolean isPage(String path) {
    boolean isPlain = !path.contains("..") && !path.contains("%") && !path.contains("//");
    return pages.contains(path)
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
