package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.runtime.OperatorGate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The operators' side of a part that runs.
 *
 * @param part what it is: gateway, sync
 * @param address what its address is called in messages, and the option that names it
 */
record PartApi(String part, String address, URI url, OperatorToken token, Duration timeout) {

  private static final int UNAUTHORIZED = 401;
  private static final int NOT_FOUND = 404;

  /**
   * Asks for JSON, as it comes.
   *
   * @throws StartFailed when nobody answers, or it is refused
   */
  String get(String path) throws InterruptedException {
    HttpResponse<String> answer = send("GET", path, HttpRequest.BodyPublishers.noBody());
    accepted(answer);
    return answer.body();
  }

  /**
   * Asks for JSON.
   *
   * @throws StartFailed when nobody answers, or it is refused
   */
  JsonNode ask(String method, String path) throws InterruptedException {
    return accepted(send(method, path, HttpRequest.BodyPublishers.noBody()));
  }

  /**
   * Sends JSON, and asks for JSON.
   *
   * @throws StartFailed when nobody answers, or it is refused
   */
  JsonNode post(String path, JsonNode body) throws InterruptedException {
    return accepted(send("POST", path, HttpRequest.BodyPublishers.ofString(body.toString())));
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
      throw new StartFailed("%s does not answer like a %s of freshet.".formatted(url, part), e);
    }
  }

  private JsonNode accepted(HttpResponse<String> answer) {
    JsonNode body = parse(answer.body());
    if (answer.statusCode() == UNAUTHORIZED) {
      throw new StartFailed(
          (token.text().isEmpty()
                  ? "The %s at %s asks for the operators' token; name it with --operator-token-file."
                  : "The %s at %s has another operators' token than this one.")
              .formatted(part, url));
    }
    String detail = body.path("detail").asString("");
    if (answer.statusCode() == NOT_FOUND && detail.startsWith("Nothing answers ")) {
      throw new StartFailed("%s is no %s of freshet. Name %s.".formatted(url, part, address));
    }
    if (answer.statusCode() >= 400) {
      throw new StartFailed(
          body.path("code").asString("").equals("no-route")
              ? "%s is for clients; name %s.".formatted(url, address)
              : detail.isEmpty() ? answer.body() : detail);
    }
    return body;
  }

  private HttpResponse<String> send(String method, String path, HttpRequest.BodyPublisher body)
      throws InterruptedException {
    if (url.getHost() == null || !String.valueOf(url.getScheme()).startsWith("http")) {
      throw new StartFailed("'%s' is no address; write --url http://HOST:PORT.".formatted(url));
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url.resolve(path))
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .method(method, body);
    String shown = token.text();
    if (!shown.isEmpty()) {
      request.header("Authorization", OperatorGate.authorization(shown));
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new StartFailed(
          "No %s answers at %s. Start one, or name %s.".formatted(part, url, address), e);
    }
  }
}
