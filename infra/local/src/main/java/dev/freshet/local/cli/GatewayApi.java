package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The gateway that is asked, at its address for operators. */
final class GatewayApi {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Option(
      names = "--url",
      description = "The gateway's address for operators (default: ${DEFAULT-VALUE}).",
      defaultValue = "http://127.0.0.1:8081")
  private URI url = URI.create("http://127.0.0.1:8081");

  /** The answer to a GET, as it came. */
  String get(String path) throws InterruptedException {
    return send(HttpRequest.newBuilder(url.resolve(path))).body();
  }

  /**
   * The answer to a POST.
   *
   * @throws StartFailed when it is refused
   */
  JsonNode post(String path, JsonNode body) throws InterruptedException {
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(url.resolve(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    JsonNode told = parse(answer.body());
    if (answer.statusCode() != 200) {
      throw new StartFailed(told.path("detail").asString(answer.body()));
    }
    return told;
  }

  /**
   * Reads an answer.
   *
   * @throws StartFailed when it is no JSON
   */
  JsonNode parse(String body) {
    try {
      return JsonMapper.shared().readTree(body);
    } catch (JacksonException e) {
      throw new StartFailed("%s does not answer like a gateway of freshet.".formatted(url), e);
    }
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new StartFailed(
          "No gateway answers at %s. Start one, or name its address for operators with --url."
              .formatted(url),
          e);
    }
  }
}
