package dev.freshet.read;

import dev.freshet.cluster.PostgresServer;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;

/** A read-backend of a server, at any free port. */
final class TestBackend {

  private TestBackend() {}

  /**
   * Starts one.
   *
   * @param more settings beside those that each needs
   */
  static ConfigurableApplicationContext start(
      PostgresServer source, String kind, Map<String, Object> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("server.port", 0);
    settings.put("server.address", "127.0.0.1");
    settings.put("freshet.read.id", kind + "-1");
    settings.put("freshet.read.kind", kind);
    settings.put(
        "freshet.read.source",
        "postgresql://postgres:%s@127.0.0.1:%d/freshet"
            .formatted(source.url().password(), source.port()));
    return ReadBackend.start(settings);
  }

  static int port(ConfigurableApplicationContext backend) {
    return backend.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  static URI uri(ConfigurableApplicationContext backend, String path) {
    return URI.create("http://127.0.0.1:" + port(backend) + path);
  }
}
