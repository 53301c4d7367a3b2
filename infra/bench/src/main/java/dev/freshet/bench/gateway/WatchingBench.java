package dev.freshet.bench.gateway;

import com.sun.net.httpserver.HttpServer;
import dev.freshet.bench.figures.Figures;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What it costs a gateway to be watched: metrics, lines and spans of requests, open consoles. */
public final class WatchingBench {

  private static final int ORIGIN_PORT_OFFSET = 90;
  private static final int OTHER_PORT_OFFSET = 10;
  private static final String PATH = "/orders/1024";

  private static final int CONSOLES = 100;
  private static final int ROUNDS = 5;
  private static final Duration ROUND = Duration.ofSeconds(15);

  private final PrintStream out;
  private final int ports;
  private final GatewayBench.Effort effort;

  /**
   * Prepares a run.
   *
   * @param ports the first of a hundred free ports
   */
  public WatchingBench(PrintStream out, int ports, GatewayBench.Effort effort) {
    this.out = out;
    this.ports = ports;
    this.effort = effort;
  }

  /** Runs all of it. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-watching-");
    int origin = ports + ORIGIN_PORT_OFFSET;
    Process backend = Origin.start(folder, origin);
    try (Load load = new Load();
        TraceSink sink = new TraceSink()) {
      Map<String, Proxy> gateways = new LinkedHashMap<>();
      try {
        for (Watched watched : watched(sink)) {
          int port = ports + gateways.size() * OTHER_PORT_OFFSET;
          gateways.put(
              watched.title(),
              Proxy.start(Proxy.Kind.FRESHET, folder, port, List.of(origin), watched.how()));
        }
        requests(load, gateways);
        consoles(gateways.values().iterator().next());
      } finally {
        gateways.values().forEach(Proxy::close);
      }
    } finally {
      backend.destroyForcibly().waitFor();
    }
  }

  /** A gateway that is watched in some way. */
  private record Watched(String title, Proxy.More how) {}

  private static List<Watched> watched(TraceSink sink) {
    Map<String, String> traced = Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url());
    Map<String, String> oneInAHundred = new HashMap<>(traced);
    oneInAHundred.put("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    oneInAHundred.put("OTEL_TRACES_SAMPLER_ARG", "0.01");
    return List.of(
        new Watched("metrics, as it comes", Proxy.More.NOTHING),
        new Watched(
            "nothing", Proxy.More.ofEnvironment(Map.of("MANAGEMENT_METRICS_ENABLE_ALL", "false"))),
        new Watched("metrics and access log", new Proxy.More("", "", List.of("--access-log"))),
        new Watched("metrics and one trace in a hundred", Proxy.More.ofEnvironment(oneInAHundred)),
        new Watched("metrics and all traces", Proxy.More.ofEnvironment(traced)));
  }

  private void requests(Load load, Map<String, Proxy> gateways) throws Exception {
    List<Contender> contenders = new ArrayList<>();
    for (Map.Entry<String, Proxy> gateway : gateways.entrySet()) {
      contenders.add(
          new Contender(
              gateway.getKey(), gateway.getValue(), GatewayBench.session(gateway.getValue())));
    }
    int warmUp = effort.warmUp() / contenders.size();
    Contender.measureWarm(load, PATH, contenders, warmUp, effort);
    out.printf(
        "1 kB, %d keep-alive connections, medians of %d alternating runs of %,d requests after %,d to warm each up:%n%n",
        GatewayBench.CONNECTIONS, effort.runs(), effort.requests(), warmUp);
    out.println("| what is written down | us CPU/request | of metrics |");
    out.println("| --- | --- | --- |");
    double asItComes = contenders.getFirst().cpuMicros();
    for (Contender contender : contenders) {
      out.printf(
          "| %s | %.1f | %.2f |%n",
          contender.title(), contender.cpuMicros(), contender.cpuMicros() / asItComes);
    }
  }

  /** Takes traces and forgets them. */
  private static final class TraceSink implements AutoCloseable {

    private final HttpServer server;

    TraceSink() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private void consoles(Proxy gateway) throws Exception {
    List<Double> without = new ArrayList<>();
    List<Double> with = new ArrayList<>();
    AtomicLong events = new AtomicLong();
    for (int round = 0; round < ROUNDS; round++) {
      without.add(cpuShare(gateway));
      try (HttpClient client = HttpClient.newHttpClient()) {
        List<InputStream> open = new ArrayList<>();
        for (int i = 0; i < CONSOLES; i++) {
          InputStream stream = open(client, gateway.port() + 1);
          open.add(stream);
          Thread.ofVirtual().start(() -> count(stream, events));
        }
        with.add(cpuShare(gateway));
        for (InputStream stream : open) {
          stream.close();
        }
      }
    }
    double alone = Figures.median(without.stream().mapToDouble(Double::doubleValue).toArray());
    double watched = Figures.median(with.stream().mapToDouble(Double::doubleValue).toArray());
    out.printf(
        "%nWithout load, medians of %d alternating rounds of %d s each; %,d bytes of looks were read:%n%n",
        ROUNDS, ROUND.toSeconds(), events.get());
    out.println("| consoles | percent of a core | more than none |");
    out.println("| --- | --- | --- |");
    out.printf("| 0 | %.2f | |%n", alone);
    out.printf("| %d | %.2f | %.2f |%n", CONSOLES, watched, watched - alone);
  }

  private static InputStream open(HttpClient client, int port) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/api/stream".formatted(port)))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
  }

  private static void count(InputStream stream, AtomicLong bytes) {
    byte[] buffer = new byte[16 * 1024];
    try (stream) {
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        bytes.addAndGet(read);
      }
    } catch (IOException e) {
      // The round is over.
    }
  }

  /** In percent of one core, over a round. */
  private static double cpuShare(Proxy gateway) throws InterruptedException {
    double before = gateway.cpuMicros();
    long started = System.nanoTime();
    Thread.sleep(ROUND);
    double micros = (System.nanoTime() - started) / 1e3;
    return 100 * (gateway.cpuMicros() - before) / micros;
  }
}
