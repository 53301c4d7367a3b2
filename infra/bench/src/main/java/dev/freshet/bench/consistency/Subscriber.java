package dev.freshet.bench.consistency;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Follows events as programs do that note the last position: what came after it counts only once
 * the next position is noted, and is asked for again after a broken connection.
 */
final class Subscriber implements Runnable, AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration AGAIN = Duration.ofMillis(100);

  private final URI uri;
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<JsonNode> noted = new CopyOnWriteArrayList<>();
  private final List<String> refusals = new CopyOnWriteArrayList<>();
  private volatile String position = "";
  private volatile int connections;
  private volatile boolean stopped;

  Subscriber(String url) {
    this.uri = URI.create(url);
  }

  /** The events that it has, in the order in which they came. */
  List<JsonNode> events() {
    return noted;
  }

  /** What it was told instead, where that was no passing trouble. */
  List<String> refusals() {
    return refusals;
  }

  /** How often it has connected. */
  int connections() {
    return connections;
  }

  @Override
  public void run() {
    while (!stopped) {
      try {
        follow();
      } catch (IOException | UncheckedIOException e) {
        // The gateway or its backend was killed.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      LockSupport.parkNanos(AGAIN.toNanos());
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread alone
  private void follow() throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (!position.isEmpty()) {
      request.header("Last-Event-ID", position);
    }
    HttpResponse<Stream<String>> answer =
        client.send(request.build(), HttpResponse.BodyHandlers.ofLines());
    try (Stream<String> lines = answer.body()) {
      if (answer.statusCode() == 200) {
        connections++;
        List<JsonNode> told = new ArrayList<>();
        StringBuilder id = new StringBuilder();
        lines.forEach(line -> take(line, told, id));
      } else if (answer.statusCode() < 500) {
        refusals.add(answer.statusCode() + " at " + position + ": " + lines.toList());
      }
    }
  }

  private void take(String line, List<JsonNode> told, StringBuilder id) {
    if (line.startsWith("data: ")) {
      told.add(JSON.readTree(line.substring(6)));
    } else if (line.startsWith("id: ")) {
      id.setLength(0);
      id.append(line.substring(4));
    } else if (line.isEmpty() && !id.isEmpty()) {
      noted.addAll(told);
      told.clear();
      position = id.toString();
      id.setLength(0);
    }
  }

  @Override
  public void close() {
    stopped = true;
    client.shutdownNow();
  }
}
