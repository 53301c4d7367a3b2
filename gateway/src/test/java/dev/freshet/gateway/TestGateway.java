package dev.freshet.gateway;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts gateways on ports that are free. */
final class TestGateway {

  private TestGateway() {}

  /**
   * Starts one with the {@code routes.yaml} of a folder.
   *
   * @param settings names and values of {@code freshet.gateway.*}
   */
  static ConfigurableApplicationContext start(Path folder, Map<String, String> settings) {
    Map<String, Object> properties =
        new HashMap<>(
            Map.of(
                "server.port",
                0,
                "server.address",
                "127.0.0.1",
                "management.server.port",
                0,
                "management.server.address",
                "127.0.0.1",
                "freshet.gateway.routes",
                folder.resolve("routes.yaml").toString()));
    settings.forEach((name, value) -> properties.put("freshet.gateway." + name, value));
    return Gateway.start(properties);
  }
}
