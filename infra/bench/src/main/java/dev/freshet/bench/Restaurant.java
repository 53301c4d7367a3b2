package dev.freshet.bench;

import dev.freshet.bench.http.HttpCalls;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;

/** A client of the sample. */
public final class Restaurant {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpCalls calls = new HttpCalls(TIMEOUT);
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
    return calls.send(method, base + path, body, headers);
  }
}
