package dev.freshet.gateway.forward;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.EndToEnd;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.RequestId;
import dev.freshet.runtime.claims.ClaimsKeys;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.HttpConversionUtil;
import java.net.URI;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Which headers pass.
 *
 * <p>Stripped both ways are those of one connection (RFC 9110, 7.6.1, and what {@code Connection}
 * names) and those of Freshet's own. Stripped on the way in are also forwarding headers: whatever a
 * client says there, it says of itself.
 */
final class HeaderRules {

  private static final List<String> OF_ONE_CONNECTION =
      List.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** All that is Freshet's own, whatever it may come to be called. */
  private static final String OURS = "freshet-";

  /** What Netty writes into the headers of messages that came by HTTP/2, of their frames. */
  private static final List<String> OF_FRAMES =
      Stream.of(HttpConversionUtil.ExtensionHeaderNames.values())
          .map(name -> name.text().toString())
          .toList();

  /** The host is the backend's own; the client's goes into a forwarding header. */
  private static final List<String> SET_ANEW =
      List.of(
          "host",
          "forwarded",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-port",
          "x-forwarded-proto",
          "x-forwarded-prefix",
          "x-real-ip");

  private static final Set<String> STAY_ON_THE_WAY_OUT =
      anyCase(List.of(OF_ONE_CONNECTION, OF_FRAMES, List.of(RequestId.HEADER)));
  private static final Set<String> STAY_ON_THE_WAY_IN =
      anyCase(List.of(OF_ONE_CONNECTION, OF_FRAMES, SET_ANEW));

  private static final char DELETE = 0x7f;

  private static final List<CharSequence> OF_PLACES =
      List.of(HttpHeaderNames.LOCATION, HttpHeaderNames.CONTENT_LOCATION);

  private HeaderRules() {}

  private static Set<String> anyCase(List<List<String>> groups) {
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    groups.forEach(names::addAll);
    return Collections.unmodifiableSet(names);
  }

  /** Gives a backend what a client sent, and what the gateway adds. */
  static void copyRequest(Outgoing outgoing, Forwarding forwarding, HttpHeaders to) {
    Exchange exchange = outgoing.exchange();
    // What the client library sets of its own accord is not what this client said.
    to.remove(HttpHeaderNames.USER_AGENT).remove(HttpHeaderNames.ACCEPT);
    copy(exchange.headers(), to, STAY_ON_THE_WAY_IN);
    String hostToKeep = exchange.hostToKeep();
    if (hostToKeep != null) {
      to.set(HttpHeaderNames.HOST, hostToKeep);
    }
    forwarding.tell(exchange, to);
    forwarding.tell(outgoing.trace(), to);
    to.set(FreshetHeaders.DEADLINE, Long.toString(outgoing.deadline().toMillis()));
    if (outgoing.principal() != null) {
      to.set(FreshetHeaders.PRINCIPAL, outgoing.principal().subject());
      if (outgoing.principal().claims() != null) {
        to.set(ClaimsKeys.HEADER, outgoing.principal().claims());
      }
    }
    Candidate candidate = outgoing.candidate();
    if (candidate.minimum() != null) {
      to.set(FreshetHeaders.MIN_POSITION, candidate.minimum().toString());
      to.set(FreshetHeaders.MAX_WAIT, Long.toString(candidate.maxWait().toMillis()));
    }
  }

  /**
   * Gives a client what a backend answered.
   *
   * @param instance the backend's own address, which clients have no use for
   */
  static void copyResponse(HttpHeaders from, HttpHeaders to, URI instance) {
    copy(from, to, STAY_ON_THE_WAY_OUT);
    for (CharSequence name : OF_PLACES) {
      String place = to.get(name);
      if (place != null) {
        below(instance, place).ifPresent(path -> to.set(name, path));
      }
    }
  }

  /** The path of a place at the instance; empty when it is elsewhere, or could be read so. */
  private static Optional<String> below(URI instance, String place) {
    String base = instance.toString();
    if (!place.regionMatches(true, 0, base, 0, base.length())) {
      return Optional.empty();
    }
    String rest = place.substring(base.length());
    return rest.isEmpty()
        ? Optional.of("/")
        : Optional.of(rest).filter(HeaderRules::isPathToEverybody);
  }

  /**
   * Whether nobody takes a reference for more than a path. Two slashes begin the name of another
   * host; browsers take a backslash for a slash, and leave out tabs and line breaks before they
   * look.
   */
  private static boolean isPathToEverybody(String reference) {
    return reference.startsWith("/")
        && !reference.startsWith("//")
        && reference.chars().allMatch(c -> c > ' ' && c != '\\' && c != DELETE);
  }

  private static void copy(HttpHeaders from, HttpHeaders to, Set<String> staying) {
    Set<String> named = named(from);
    Iterator<Map.Entry<CharSequence, CharSequence>> headers = from.iteratorCharSequence();
    while (headers.hasNext()) {
      Map.Entry<CharSequence, CharSequence> header = headers.next();
      String name = header.getKey().toString();
      String spelled = spelled(name);
      if (!staying.contains(spelled) && !isOurs(spelled) && !named.contains(name)) {
        to.add(header.getKey(), header.getValue());
      }
    }
  }

  private static boolean isOurs(String name) {
    return name.regionMatches(true, 0, OURS, 0, OURS.length());
  }

  /** Backends by the rules of CGI take an underscore for a hyphen, and one header for the other. */
  private static String spelled(String name) {
    return name.indexOf('_') < 0 ? name : name.replace('_', '-');
  }

  /** The names that {@code Connection} lists, and may. */
  private static Set<String> named(HttpHeaders headers) {
    List<String> connection = headers.getAll(HttpHeaderNames.CONNECTION);
    if (connection.isEmpty()) {
      return Set.of();
    }
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    for (String value : connection) {
      for (String name : value.split(",", -1)) {
        names.add(name.strip());
      }
    }
    names.removeIf(EndToEnd::isOne);
    return names;
  }
}
