package dev.freshet.gateway.forward;

import dev.freshet.gateway.exchange.Exchange;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a backend is told of the client's connection, and of the span that asks. A client says
 * nothing of itself that counts; a proxy in front of the gateway does, when its address is one of
 * those that are trusted.
 */
public final class Forwarding {

  private static final String FOR = "X-Forwarded-For";
  private static final String PROTO = "X-Forwarded-Proto";
  private static final String HOST = "X-Forwarded-Host";

  private final List<IpSubnetFilterRule> trusted;

  private final TextMapPropagator spans;

  private Forwarding(List<IpSubnetFilterRule> trusted, TextMapPropagator spans) {
    this.trusted = List.copyOf(trusted);
    this.spans = spans;
  }

  /**
   * Trusts proxies.
   *
   * @param networks in CIDR notation, such as {@code 10.0.0.0/8} or {@code fd00::/8}; or an address
   * @throws IllegalArgumentException when one is no network
   */
  public static Forwarding trusting(List<String> networks) {
    return new Forwarding(
        networks.stream().map(Forwarding::rule).toList(), TextMapPropagator.noop());
  }

  /** The same, which also tells backends of spans. */
  public Forwarding telling(TextMapPropagator propagator) {
    return new Forwarding(trusted, propagator);
  }

  private static IpSubnetFilterRule rule(String network) {
    String[] parts = network.strip().split("/", 2);
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(parts[0]);
    int longest = bytes == null ? 0 : bytes.length * Byte.SIZE;
    String prefix = parts.length == 2 ? parts[1] : Integer.toString(longest);
    if (bytes == null || !prefix.matches("\\d{1,3}") || Integer.parseInt(prefix) > longest) {
      throw new IllegalArgumentException(
          "'%s' is no network; write one such as 10.0.0.0/8 or fd00::/8".formatted(network));
    }
    return new IpSubnetFilterRule(
        address(bytes), Integer.parseInt(prefix), IpFilterRuleType.ACCEPT);
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("An address has four or sixteen bytes", e);
    }
  }

  /** Tells a backend where a request comes from. */
  void tell(Exchange exchange, HttpHeaders to) {
    HttpHeaders said = exchange.headers();
    boolean isTrusted = isTrusted(exchange.client());
    String chain = String.join(", ", isTrusted ? said.getAll(FOR) : List.of());
    String own = text(exchange.client());
    if (own != null) {
      to.set(FOR, chain.isEmpty() ? own : chain + ", " + own);
    }
    String proto = isTrusted ? said.get(PROTO) : null;
    to.set(PROTO, proto != null ? proto : exchange.isSecure() ? "https" : "http");
    String host = isTrusted ? said.get(HOST) : null;
    if (host == null) {
      host = said.get(HttpHeaderNames.HOST);
    }
    if (host != null) {
      to.set(HOST, host);
    }
  }

  /** Tells which span a request is part of. */
  public void tell(Context span, HttpHeaders to) {
    // A state without its parent would be another trace's.
    spans.fields().forEach(to::remove);
    spans.inject(span, to, (carrier, name, value) -> to.set(name, value));
  }

  /**
   * The address of the client itself: the nearest one that is not a trusted proxy's.
   *
   * @return empty when the connection has none
   */
  public Optional<String> client(Exchange exchange) {
    String nearest = text(exchange.client());
    if (!isTrusted(exchange.client())) {
      return Optional.ofNullable(nearest);
    }
    List<String> chain = new ArrayList<>();
    for (String value : exchange.headers().getAll(FOR)) {
      chain.addAll(List.of(value.split(",", -1)));
    }
    for (String hop : chain.reversed()) {
      byte[] bytes = NetUtil.createByteArrayFromIpAddressString(hop.strip());
      if (bytes == null) {
        return Optional.ofNullable(nearest); // what stands before it can't be believed either
      }
      nearest = hop.strip();
      if (!isTrusted(bytes)) {
        return Optional.of(nearest);
      }
    }
    return Optional.ofNullable(nearest);
  }

  private boolean isTrusted(byte[] address) {
    return isTrusted(new InetSocketAddress(address(address), 0));
  }

  private boolean isTrusted(@Nullable InetSocketAddress address) {
    return address != null && trusted.stream().anyMatch(network -> network.matches(address));
  }

  private static @Nullable String text(@Nullable InetSocketAddress address) {
    return address == null ? null : address.getAddress().getHostAddress();
  }
}
