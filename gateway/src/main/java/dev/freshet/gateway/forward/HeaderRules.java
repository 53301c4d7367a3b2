package dev.freshet.gateway.forward;

import dev.freshet.protocol.FreshetHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which headers pass.
 *
 * <p>Stripped both ways are those of one connection (RFC 9110, 7.6.1, and what {@code Connection}
 * names) and those between gateway and backends. Stripped on the way in are also forwarding
 * headers: whatever a client says there, it says of itself.
 */
final class HeaderRules {

  private static final Set<String> OF_ONE_CONNECTION =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private static final Set<String> INTERNAL =
      Set.of(
          FreshetHeaders.POSITION.toLowerCase(Locale.ROOT),
          FreshetHeaders.MIN_POSITION.toLowerCase(Locale.ROOT),
          FreshetHeaders.MAX_WAIT.toLowerCase(Locale.ROOT),
          FreshetHeaders.DEADLINE.toLowerCase(Locale.ROOT));

  /** Understood by the gateway itself; a backend has no use for them, nor a say in them. */
  private static final Set<String> OURS =
      Set.of(
          FreshetHeaders.SESSION.toLowerCase(Locale.ROOT),
          FreshetHeaders.CONSISTENCY.toLowerCase(Locale.ROOT),
          FreshetHeaders.SOURCE.toLowerCase(Locale.ROOT));

  private static final Set<String> FORWARDING =
      Set.of(
          "forwarded",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-port",
          "x-forwarded-proto",
          "x-forwarded-prefix",
          "x-real-ip");

  private HeaderRules() {}

  /** Names in lower case that {@code Connection} lists. */
  static Set<String> named(Iterable<String> connection) {
    Set<String> names = new TreeSet<>();
    for (String value : connection) {
      for (String name : value.split(",", -1)) {
        names.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    return names;
  }

  static boolean passesToBackend(String name, Set<String> namedByConnection) {
    String lower = name.toLowerCase(Locale.ROOT);
    return passes(lower, namedByConnection) && !FORWARDING.contains(lower) && !lower.equals("host");
  }

  static boolean passesToClient(String name, Set<String> namedByConnection) {
    return passes(name.toLowerCase(Locale.ROOT), namedByConnection);
  }

  private static boolean passes(String lower, Set<String> namedByConnection) {
    return !OF_ONE_CONNECTION.contains(lower)
        && !INTERNAL.contains(lower)
        && !OURS.contains(lower)
        && !namedByConnection.contains(lower);
  }

  static void set(HttpHeaders headers, String name, @Nullable String value) {
    if (value != null) {
      headers.set(name, value);
    }
  }
}
