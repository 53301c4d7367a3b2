package dev.freshet.gateway.pool;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.PositionReport;
import dev.freshet.protocol.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Asks instances for their position reports. */
public final class PositionClient {

  static final Duration TIMEOUT = Duration.ofSeconds(1);

  private final HttpClient client;
  private final JsonMapper json;

  public PositionClient(HttpClient client, JsonMapper json) {
    this.client = client;
    this.json = json;
  }

  /** How an instance answered; one that can't be asked is an error. */
  public sealed interface Answer {

    record Reported(PositionReport report) implements Answer {}

    /** It answers, but knows nothing of positions. */
    record Silent() implements Answer {}

    /**
     * It answers that something is wrong with it, or does so whenever it knows no such path.
     *
     * @param isOurs whether it is a problem as Freshet's own parts tell it
     */
    record Failing(int status, boolean isOurs) implements Answer {}
  }

  /** Asks an instance. */
  public Mono<Answer> ask(Instance instance) {
    return instance
        .connections()
        .own(client)
        .get()
        .uri(FreshetHeaders.POSITION_PATH)
        .response(
            (response, body) ->
                Beginning.of(body).map(bytes -> read(response.status().code(), bytes)))
        .single()
        .timeout(TIMEOUT);
  }

  private Answer read(int status, byte[] body) {
    if (status >= 400 && status < 500) {
      return new Answer.Silent();
    }
    if (status != 200) {
      return new Answer.Failing(
          status, new String(body, StandardCharsets.UTF_8).contains(Problem.TYPE_PREFIX));
    }
    try {
      return new Answer.Reported(json.readValue(body, PositionReport.class));
    } catch (JacksonException | IllegalArgumentException e) {
      // A backend that knows nothing of all this answers something else there, and works as well.
      return new Answer.Silent();
    }
  }
}
