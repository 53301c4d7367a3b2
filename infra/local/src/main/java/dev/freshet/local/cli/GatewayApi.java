package dev.freshet.local.cli;

import java.net.URI;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The gateway that is asked, at its address for operators. */
final class GatewayApi {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Option(
      names = "--url",
      description = "The gateway's address for operators (default: ${DEFAULT-VALUE}).",
      defaultValue = "http://127.0.0.1:8081")
  private URI url = URI.create("http://127.0.0.1:8081");

  @Mixin private OperatorToken token = new OperatorToken();

  PartApi api() {
    return new PartApi("gateway", "its address for operators with --url", url, token, TIMEOUT);
  }
}
