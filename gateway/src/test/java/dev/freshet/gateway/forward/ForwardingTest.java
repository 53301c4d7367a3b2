package dev.freshet.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.gateway.exchange.TestExchange;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForwardingTest {

  private final Forwarding forwarding =
      Forwarding.trusting(List.of("10.0.0.0/8", "fd00::/8", "192.0.2.7"));

  private static TestExchange from(String address, String... headers) {
    HttpHeaders sent = new DefaultHttpHeaders().set("Host", "gateway.example");
    for (int i = 0; i < headers.length; i += 2) {
      sent.add(headers[i], headers[i + 1]);
    }
    return new TestExchange(
        "GET", "/", sent, new InetSocketAddress(InetAddress.ofLiteral(address), 1));
  }

  private HttpHeaders told(TestExchange exchange) {
    HttpHeaders to = new DefaultHttpHeaders();
    forwarding.tell(exchange, to);
    return to;
  }

  @Test
  void whatATrustedProxySaysIsGoneOnWith() {
    HttpHeaders told =
        told(
            from(
                "10.1.2.3",
                "X-Forwarded-For",
                "203.0.113.9, 10.9.9.9",
                "X-Forwarded-Proto",
                "https",
                "X-Forwarded-Host",
                "shop.example"));
    assertThat(told.get("X-Forwarded-For")).isEqualTo("203.0.113.9, 10.9.9.9, 10.1.2.3");
    assertThat(told.get("X-Forwarded-Proto")).isEqualTo("https");
    assertThat(told.get("X-Forwarded-Host")).isEqualTo("shop.example");
  }

  @Test
  void whatAnybodyElseSaysDoesNotCount() {
    HttpHeaders told =
        told(
            from(
                "203.0.113.9",
                "X-Forwarded-For",
                "10.0.0.1",
                "X-Forwarded-Proto",
                "https",
                "X-Forwarded-Host",
                "bank.example"));
    assertThat(told.get("X-Forwarded-For")).isEqualTo("203.0.113.9");
    assertThat(told.get("X-Forwarded-Proto")).isEqualTo("http");
    assertThat(told.get("X-Forwarded-Host")).isEqualTo("gateway.example");
  }

  @ParameterizedTest
  @CsvSource({
    "203.0.113.9, '198.51.100.1', 203.0.113.9", // not trusted: itself
    "10.1.1.1, '203.0.113.9', 203.0.113.9",
    "10.1.1.1, '1.1.1.1, 203.0.113.9, 10.2.2.2', 203.0.113.9", // what stands further left is made
    // up
    "fd00::1, '2001:db8::5', 2001:db8::5",
    "192.0.2.7, '203.0.113.9', 203.0.113.9",
    "192.0.2.8, '203.0.113.9', 192.0.2.8",
    "10.1.1.1, '', 10.1.1.1",
    "10.1.1.1, '203.0.113.9, junk', 10.1.1.1",
    "10.1.1.1, '10.3.3.3', 10.3.3.3",
  })
  void clientIsTheNearestThatIsNoTrustedProxy(String address, String chain, String client) {
    assertThat(
            forwarding.client(
                chain.isEmpty() ? from(address) : from(address, "X-Forwarded-For", chain)))
        .contains(client);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/99", "proxy.example", "", "10.0.0.0/x"})
  void whatIsNoNetworkIsRefused(String network) {
    assertThatThrownBy(() -> Forwarding.trusting(List.of(network)))
        .hasMessageContaining("is no network; write one such as 10.0.0.0/8");
  }
}
