package dev.freshet.gateway;

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
}
