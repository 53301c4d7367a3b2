package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;

/** Servers that are not ours. */
public final class TestServers {

  private TestServers() {}

  /** One that listens on a free port of loopback, and answers nothing yet. */
  public static WireMockServer start() {
    WireMockServer server =
        new WireMockServer(WireMockConfiguration.options().dynamicPort().bindAddress("127.0.0.1"));
    server.start();
    return server;
  }

  /** One that answers everything so, and knows nothing of positions. */
  static WireMockServer answering(String text) {
    WireMockServer server = start();
    server.stubFor(any(anyUrl()).willReturn(ok(text)));
    server.stubFor(get("/.freshet/position").willReturn(notFound()));
    return server;
  }
}
