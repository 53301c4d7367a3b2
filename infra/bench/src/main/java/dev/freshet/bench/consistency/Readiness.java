package dev.freshet.bench.consistency;

import dev.freshet.bench.http.HttpCalls;
import dev.freshet.protocol.FreshetHeaders;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Pattern;

/** Whether everything serves, and how far behind it says that it is. */
final class Readiness {

  /**
   * One that was down before is ready with a share that grows; one that failed requests may be
   * ejected for up to a minute more, and is asked when no other answers.
   */
  private static final Pattern SERVING =
      Pattern.compile("\"state\":\"(ready|slow-start|suspect|ejected)\"");

  private static final Pattern LIVE = Pattern.compile("\"state\":\"live\"");

  private static final Pattern LAG = Pattern.compile("\"lagSeconds\":([-0-9.E]+)");

  private static final Duration LONGEST_ASKING = Duration.ofMillis(500);

  private static final String AN_ORDER =
      """
      {"kind":"takeaway","customer":"Ada","items":[{"sku":"margherita","quantity":1}]}""";

  private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(10));
  private final WholeSystem system;

  Readiness(WholeSystem system) {
    this.system = system;
  }

  /** What does not serve yet; empty when everything does. */
  String whatIsNotReady() throws InterruptedException {
    try {
      if (!isServing()) {
        return system.status() + " " + system.sync("GET", "/api/sync");
      }
      HttpResponse<String> written =
          calls.send("POST", system.gateway() + "/orders", AN_ORDER, "Freshet-Session", "");
      if (written.statusCode() != 201) {
        return "a write is answered " + written.body();
      }
      String position = system.writerPosition();
      for (String reader : system.copyReaders()) {
        String missing = missing(reader, position, LONGEST_ASKING);
        if (!missing.isEmpty()) {
          return missing;
        }
      }
      return "";
    } catch (IOException e) {
      return String.valueOf(e);
    }
  }

  /**
   * What keeps a reader from being at a position; empty when it is there.
   *
   * @param longest how long it may take to get there
   */
  String missing(String reader, String position, Duration longest)
      throws IOException, InterruptedException {
    HttpResponse<String> answer =
        calls.send(
            "GET",
            system.reader(reader) + "/menu",
            "",
            FreshetHeaders.MIN_POSITION,
            position,
            FreshetHeaders.MAX_WAIT,
            Long.toString(longest.toMillis()));
    return answer.statusCode() == 200 ? "" : "%s: %s".formatted(reader, answer.body());
  }

  /** Whether all instances serve, the sync streams, and the read database has its models. */
  boolean isServing() throws IOException, InterruptedException {
    return SERVING.matcher(system.status()).results().count() >= system.instances()
        && system.kept().isStreaming()
        && system.kept().models().stream()
            .allMatch(told -> LIVE.matcher(told).results().count() == system.sample().models());
  }

  /**
   * The largest lag that a part tells of.
   *
   * @param part the gateway or the sync
   */
  double lagSeconds(String part) throws IOException, InterruptedException {
    String told = part.equals("gateway") ? system.status() : system.sync("GET", "/api/sync");
    return LAG.matcher(told)
        .results()
        .mapToDouble(lag -> Double.parseDouble(lag.group(1)))
        .max()
        .orElse(0);
  }
}
