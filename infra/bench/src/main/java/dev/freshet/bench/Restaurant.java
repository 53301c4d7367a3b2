package dev.freshet.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** A client of the sample. */
public final class Restaurant {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String base;

  /**
   * Talks to a gateway, or straight to a backend.
   *
   * @param base its address, without a path
   */
  public Restaurant(String base) {
    this.base = base;
  }

  /** Places an order of two pizzas. */
  public HttpResponse<String> placeOrder(String customer) throws IOException, InterruptedException {
    return send(
        "POST",
        "/orders",
        """
        {"kind":"takeaway","customer":"%s","items":[{"sku":"margherita","quantity":2},{"sku":"espresso","quantity":1}]}"""
            .formatted(customer));
  }

  /** Reads a path. */
  public HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    return send("GET", path, "", headers);
  }

  /** Sends a request. */
  public HttpResponse<String> send(String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(TIMEOUT)
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
