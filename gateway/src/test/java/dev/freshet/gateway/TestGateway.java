package dev.freshet.gateway;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts gateways on ports that are free, and asks them. */
final class TestGateway {

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private TestGateway() {}

  /** Writes a {@code routes.yaml} that sends everything to one backend. */
  static void routeAllTo(String url, Path folder) throws IOException {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        routes:
          - { id: all, path: /**, read: { pool: backends }, write: { pool: backends } }
        pools:
          backends: { instances: [ { id: backend, url: "%s" } ] }
        """
            .formatted(url));
  }

  /** Settings of one that serves by TLS, with the files of {@link TestCertificates#write}. */
  static Map<String, String> tls(Path folder, String name) {
    return Map.of(
        "freshet.tls.certificate", folder.resolve(name + ".pem").toString(),
        "freshet.tls.key", folder.resolve(name + "-key.pem").toString());
  }

  /**
   * Starts one with the {@code routes.yaml} of a folder.
   *
   * @param settings names and values of {@code freshet.gateway.*}
   */
  static ConfigurableApplicationContext start(Path folder, Map<String, String> settings) {
    Map<String, Object> properties = new HashMap<>();
    settings.forEach((name, value) -> properties.put("freshet.gateway." + name, value));
    return startWith(folder, properties);
  }

  /**
   * Starts one with the {@code routes.yaml} of a folder.
   *
   * @param settings by their whole names
   */
  static ConfigurableApplicationContext startWith(Path folder, Map<String, ?> settings) {
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
    properties.putAll(settings);
    return Gateway.start(properties);
  }

  /** The port for clients. */
  static int port(ConfigurableApplicationContext gateway) {
    return gateway.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  /** A request to a gateway's port for clients. */
  static HttpResponse<String> send(
      ConfigurableApplicationContext gateway,
      String method,
      String path,
      String body,
      String... headers)
      throws Exception {
    return send(gateway, "local.server.port", method, path, body, headers);
  }

  /** A request to a gateway's port for operators. */
  static HttpResponse<String> operate(
      ConfigurableApplicationContext gateway,
      String method,
      String path,
      String body,
      String... headers)
      throws Exception {
    return send(gateway, "local.management.port", method, path, body, headers);
  }

  private static HttpResponse<String> send(
      ConfigurableApplicationContext gateway,
      String port,
      String method,
      String path,
      String body,
      String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:%s%s"
                        .formatted(gateway.getEnvironment().getProperty(port), path)))
            .timeout(Duration.ofSeconds(20))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
