package dev.freshet.runtime;

import io.netty.util.NetUtil;
import java.util.BitSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A host with perhaps a port, as {@code Host} and {@code Origin} name it (RFC 3986, 3.2, without
 * user information). Nothing is resolved: a name stays a name, wherever it may lead.
 *
 * @param host in lower case; an IPv6 address in its brackets, a name without the dot of the root
 * @param port {@link #NO_PORT} where none is named
 * @param isAddress whether the host is an IP address, and not a name
 */
record Authority(String host, int port, boolean isAddress) {

  static final int NO_PORT = -1;

  private static final int HIGHEST_PORT = 65_535;
  private static final int MOST_PORT_DIGITS = 5;

  private static final String AFTER_SCHEME = "://";
  private static final Map<String, Integer> PORTS = Map.of("http", 80, "https", 443);

  /** What a name consists of: RFC 3986's unreserved characters. */
  private static final BitSet OF_NAME = ofName();

  private static BitSet ofName() {
    BitSet set = new BitSet();
    set.set('0', '9' + 1);
    set.set('a', 'z' + 1);
    "-._~".chars().forEach(set::set);
    return set;
  }

  /** Reads one; empty when it is none. */
  static Optional<Authority> parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    int end = lower.startsWith("[") ? lower.indexOf(']') + 1 : lower.indexOf(':');
    String host = end > 0 ? lower.substring(0, end) : lower;
    String rest = lower.substring(host.length());
    if (!rest.isEmpty() && !isPort(rest.substring(1))) {
      return Optional.empty();
    }
    int port = rest.isEmpty() ? NO_PORT : Integer.parseInt(rest.substring(1));
    if (isIpv4(host) || isIpv6(host)) {
      return Optional.of(new Authority(host, port, true));
    }
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    return isName(name) ? Optional.of(new Authority(name, port, false)) : Optional.empty();
  }

  private static boolean isPort(String text) {
    return !text.isEmpty()
        && text.length() <= MOST_PORT_DIGITS
        && text.chars().allMatch(c -> '0' <= c && c <= '9')
        && Integer.parseInt(text) <= HIGHEST_PORT;
  }

  /** Four decimal numbers; what else a system may take for an address (127.1, 0x7f.1) is a name. */
  private static boolean isIpv4(String host) {
    return NetUtil.isValidIpV4Address(host)
        && NetUtil.bytesToIpAddress(NetUtil.createByteArrayFromIpAddressString(host)).equals(host);
  }

  private static boolean isIpv6(String host) {
    if (!host.startsWith("[") || !host.endsWith("]")) {
      return false;
    }
    String[] parts = host.substring(1, host.length() - 1).split("%", 2);
    return NetUtil.isValidIpV6Address(parts[0]) && (parts.length == 1 || isName(parts[1]));
  }

  private static boolean isName(String text) {
    return !text.isEmpty() && text.chars().allMatch(OF_NAME::get);
  }

  /**
   * The authority that a request's target names, in absolute form.
   *
   * @return empty where it names none, and {@code Host} counts alone
   */
  static Optional<String> ofTarget(String target) {
    int begin = target.startsWith("/") ? -1 : target.indexOf(AFTER_SCHEME);
    return begin < 0
        ? Optional.empty()
        : Optional.of(target.substring(begin + AFTER_SCHEME.length()).split("[/?#\\\\]", 2)[0]);
  }

  /** Whether an {@code Origin} is that of the pages which this host serves. */
  boolean isOriginOf(String origin) {
    int end = origin.indexOf(AFTER_SCHEME);
    Integer usual = end < 0 ? null : PORTS.get(origin.substring(0, end).toLowerCase(Locale.ROOT));
    return usual != null
        && parse(origin.substring(end + AFTER_SCHEME.length())).stream()
            .anyMatch(from -> from.host().equals(host) && from.portOr(usual) == portOr(usual));
  }

  private int portOr(int usual) {
    return port == NO_PORT ? usual : port;
  }
}
