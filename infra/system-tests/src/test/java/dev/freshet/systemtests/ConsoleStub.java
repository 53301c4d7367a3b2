package dev.freshet.systemtests;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.freshet.gateway.console.Pages;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The console's own files, and a gateway that tells what it is said to: systems in states that take
 * long to bring about, or many instances.
 */
final class ConsoleStub implements AutoCloseable {

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
  private static final int SECONDS_OF_HISTORY = 900;

  private static final Map<String, String> TYPES =
      Map.of("js", "text/javascript", "css", "text/css", "svg", "image/svg+xml");

  private final JsonMapper json = JsonMapper.shared();
  private final JsonNode states;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile String state = "";
  private volatile boolean isSilent;
  private volatile boolean isClosed;

  private ConsoleStub(HttpServer server, JsonNode states) {
    this.server = server;
    this.states = states;
  }

  /** Listens on a free port of loopback. */
  static ConsoleStub start() throws IOException {
    try (InputStream in = resource("/console-states.json")) {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      ConsoleStub stub = new ConsoleStub(server, JsonMapper.shared().readTree(in));
      server.setExecutor(stub.threads);
      server.createContext("/", stub::answer);
      server.start();
      return stub;
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(Pages.class.getResourceAsStream(name), name);
  }

  String origin() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** From now on the system is in this state. */
  void become(String name) {
    if (!states.has(name)) {
      throw new IllegalArgumentException("No state " + name);
    }
    isSilent = false;
    state = name;
  }

  /** From now on nothing is told, on connections that stay open. */
  void fallSilent() {
    isSilent = true;
  }

  JsonNode look() {
    return states.path(state);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    switch (path) {
      case "/" -> send(exchange, "text/html", resource("/console/index.html").readAllBytes());
      case "/api/stream" -> stream(exchange);
      case "/api/history" -> sendJson(exchange, history());
      case "/api/audit" -> sendJson(exchange, "[]");
      case "/api/routes" ->
          sendJson(
              exchange,
              """
              {"generation":3,"loaded":"2026-11-28T17:00:00Z","cause":"file","changes":[],"pinned":false,"text":"version: 1","history":[]}
              """);
      default ->
          send(
              exchange,
              TYPES.getOrDefault(path.substring(path.lastIndexOf('.') + 1), "text/plain"),
              resource(path).readAllBytes());
    }
  }

  private void stream(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      while (!isClosed) {
        if (!isSilent) {
          ObjectNode look = (ObjectNode) look().deepCopy();
          look.put("at", Instant.now().toString());
          out.write(
              ("event: look\ndata: " + json.writeValueAsString(look) + "\n\n")
                  .getBytes(StandardCharsets.UTF_8));
          out.flush();
        }
        LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
      }
    }
  }

  /** As if it had been so for a quarter of an hour. */
  private String history() {
    ObjectNode told = json.createObjectNode();
    told.put("stepSeconds", 1).put("endEpochSeconds", Instant.now().getEpochSecond());
    for (JsonNode lag : look().path("lags")) {
      ObjectNode series = told.withArray("series").addObject();
      series.put("kind", lag.path("kind").asString()).put("name", lag.path("name").asString());
      for (int second = 0; second < SECONDS_OF_HISTORY; second++) {
        series.withArray("values").add(lag.path("seconds").asDouble());
      }
    }
    return json.writeValueAsString(told);
  }

  private static void sendJson(HttpExchange exchange, String body) throws IOException {
    send(exchange, "application/json", body.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, String type, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  @Override
  public void close() {
    isClosed = true;
    server.stop(0);
    threads.close();
  }
}
