package dev.freshet.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderRulesTest {

  @ParameterizedTest
  @CsvSource({
    "HTTP://10.0.0.1:9000/orders, /orders",
    "http://10.0.0.1:9000@evil.test/, http://10.0.0.1:9000@evil.test/",
    "http://10.0.0.1:9000.evil.test/, http://10.0.0.1:9000.evil.test/",
    "http://10.0.0.1:9000?x=//evil.test, http://10.0.0.1:9000?x=//evil.test",
    "//evil.test/x, //evil.test/x",
    "http://10.0.0.1:9000/orders/7?x=1, /orders/7?x=1",
    "http://10.0.0.1:9000, /",
    "/orders/7, /orders/7",
    "http://10.0.0.1:9000//elsewhere.example/x, http://10.0.0.1:9000//elsewhere.example/x",
    "http://10.0.0.1:90001/orders, http://10.0.0.1:90001/orders",
    "https://10.0.0.1:9000/orders, https://10.0.0.1:9000/orders",
    "https://elsewhere.example/x, https://elsewhere.example/x",
  })
  void placeAtTheBackendItselfIsOneAtTheGateway(String sent, String passed) {
    HttpHeaders to = new DefaultHttpHeaders();
    HeaderRules.copyResponse(
        new DefaultHttpHeaders().add("Location", sent), to, URI.create("http://10.0.0.1:9000"));
    assertThat(to.getAll("Location")).containsExactly(passed);
  }

  /** Browsers take a backslash for a slash, and leave out tabs before they look. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "\\/evil.test",
        "/\t/evil.test",
        "/\t\\evil.test",
        "\t//evil.test",
        " //evil.test",
        "/a\\..\\..\\evil.test",
        "/\u007f/evil.test",
      })
  void placeThatBrowsersMayReadAsAnotherHostStaysOneAtTheBackend(String rest) {
    String sent = "http://10.0.0.1:9000" + rest;
    for (String name : List.of("Location", "Content-Location")) {
      HttpHeaders to = unchecked();
      HeaderRules.copyResponse(unchecked().add(name, sent), to, URI.create("http://10.0.0.1:9000"));
      assertThat(to.getAll(name)).containsExactly(sent);
    }
  }

  private static HttpHeaders unchecked() {
    return DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
  }

  @Test
  void whatElseNamesAPlaceIsLeftAsItIs() {
    HttpHeaders from =
        new DefaultHttpHeaders()
            .add("Refresh", "0; url=http://10.0.0.1:9000/x")
            .add("Link", "<http://10.0.0.1:9000/x>; rel=next");
    HttpHeaders to = new DefaultHttpHeaders();
    HeaderRules.copyResponse(from, to, URI.create("http://10.0.0.1:9000"));
    assertThat(to.get("Refresh")).isEqualTo(from.get("Refresh"));
    assertThat(to.get("Link")).isEqualTo(from.get("Link"));
  }

  @Test
  void connectionNamesNothingThatTheGatewaySetsOrGoesBy() {
    HttpHeaders to = new DefaultHttpHeaders();
    HeaderRules.copyResponse(
        new DefaultHttpHeaders()
            .add("Connection", "X-Own, content-length, Content-Type, CACHE-CONTROL, Set-Cookie")
            .add("X-Own", "1")
            .add("Content-Length", "2")
            .add("Content-Type", "text/plain")
            .add("Cache-Control", "private")
            .add("Set-Cookie", "a=b")
            .add("Freshet-Anything", "of the backend")
            .add("Freshet_Position", "1:0/1"),
        to,
        URI.create("http://10.0.0.1:9000"));
    assertThat(to.names())
        .containsExactlyInAnyOrder("Content-Length", "Content-Type", "Cache-Control", "Set-Cookie");
  }
}
