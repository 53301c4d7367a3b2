package dev.freshet.gateway.wire;

import dev.freshet.runtime.Characters;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * What no request may hold: whatever two programs in a row could read in two ways, so that one of
 * them would act on a request that the other never saw (RFC 9112, 11.2).
 */
final class RequestRules {

  /** What stands in a host's name or IPv4 address: RFC 3986's unreserved characters. */
  private static final BitSet OF_NAME = Characters.alphanumericAnd("-._~");

  private static final BitSet OF_ADDRESS = Characters.alphanumericAnd("-._~%:");
  private static final int HIGHEST_PORT = 65_535;
  private static final int MOST_PORT_DIGITS = 5;

  /** What stands in a path and a query, RFC 3986 and what browsers leave as it is. */
  private static final BitSet OF_TARGET =
      Characters.alphanumericAnd("-._~:/?@!$&'()*+,;=%[]|{}^`\"<>");

  /** In a query bytes beyond ASCII, too, as curl sends them. */
  private static final BitSet OF_QUERY = (BitSet) OF_TARGET.clone();

  private static final int FIRST_BEYOND_ASCII = 0x80;
  private static final int LAST_BYTE = 0xff;

  static {
    OF_QUERY.set(FIRST_BEYOND_ASCII, LAST_BYTE + 1);
  }

  private RequestRules() {}

  /**
   * Why a request is refused.
   *
   * @return empty when it may go on
   */
  static Optional<String> objection(HttpRequest request) {
    boolean isLatest = request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    return objection(request.method(), request.uri(), request.headers(), isLatest);
  }

  /**
   * Why a request of HTTP/2 is refused, whose pseudo-headers stand where HTTP/1.1 has them.
   *
   * @return empty when it may go on
   */
  static Optional<String> objection(HttpMethod method, String target, HttpHeaders headers) {
    return objection(method, target, headers, true);
  }

  private static Optional<String> objection(
      HttpMethod method, String target, HttpHeaders headers, boolean isLatest) {
    return ofTarget(method, target)
        .or(() -> ofHost(headers, isLatest))
        .or(() -> ofFraming(headers, isLatest))
        .or(() -> ofOldWebSocket(headers));
  }

  private static Optional<String> ofTarget(HttpMethod method, String target) {
    if (target.equals("*") && method.equals(HttpMethod.OPTIONS)) {
      return Optional.empty();
    }
    if (!target.startsWith("/")) {
      return Optional.of(
          "The target is not a path; send the path alone, and the host in the header Host.");
    }
    int query = target.indexOf('?');
    return consistsOf(OF_TARGET, query < 0 ? target : target.substring(0, query))
            && (query < 0 || consistsOf(OF_QUERY, target.substring(query)))
        ? Optional.empty()
        : Optional.of("The target holds characters that must be percent-encoded.");
  }

  private static Optional<String> ofHost(HttpHeaders headers, boolean isLatest) {
    List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
    if (hosts.isEmpty() && !isLatest) {
      return Optional.empty();
    }
    return hosts.size() == 1 && isHost(hosts.getFirst())
        ? Optional.empty()
        : Optional.of("A request has one header Host, with a name and perhaps a port.");
  }

  private static Optional<String> ofFraming(HttpHeaders headers, boolean isLatest) {
    List<String> encodings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
    return encodings.isEmpty()
            || (isLatest
                && encodings.size() == 1
                && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encodings.getFirst()))
        ? Optional.empty()
        : Optional.of("The only Transfer-Encoding is chunked, once, and with HTTP/1.1.");
  }

  /** Netty reads eight bytes of content behind these, which nobody else does. */
  private static Optional<String> ofOldWebSocket(HttpHeaders headers) {
    return headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY1)
        ? Optional.of("This is a WebSocket's handshake from before RFC 6455.")
        : Optional.empty();
  }

  /** Whether it is a name or an address, with perhaps a port. */
  static boolean isHost(String host) {
    boolean isAddress = host.startsWith("[");
    int end = isAddress ? host.indexOf(']') : host.indexOf(':');
    String name = end < 0 ? host : host.substring(isAddress ? 1 : 0, end);
    String rest = end < 0 ? "" : host.substring(isAddress ? end + 1 : end);
    return !name.isEmpty()
        && consistsOf(isAddress ? OF_ADDRESS : OF_NAME, name)
        && (rest.isEmpty() || (rest.startsWith(":") && isPort(rest.substring(1))));
  }

  private static boolean isPort(String text) {
    return !text.isEmpty()
        && text.length() <= MOST_PORT_DIGITS
        && text.chars().allMatch(character -> '0' <= character && character <= '9')
        && Integer.parseInt(text) <= HIGHEST_PORT;
  }

  private static boolean consistsOf(BitSet allowed, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!allowed.get(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }
}
