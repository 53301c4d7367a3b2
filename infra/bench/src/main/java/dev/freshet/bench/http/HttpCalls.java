package dev.freshet.bench.http;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** One client's requests, over HTTP/1.1, each with a time limit. */
public final class HttpCalls {

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Duration timeout;

  /**
   * Makes a client.
   *
   * @param timeout of one request, from its first byte to the answer's head
   */
  public HttpCalls(Duration timeout) {
    this.timeout = timeout;
  }

  /**
   * Sends a request.
   *
   * @param body the content; none is sent when it is empty
   * @param headers names and values in turn; one whose value is empty is not sent
   */
  public HttpResponse<String> send(String method, String url, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(timeout)
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    for (int i = 0; i < headers.length; i += 2) {
      if (!headers[i + 1].isEmpty()) {
        request.header(headers[i], headers[i + 1]);
      }
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
