package dev.freshet.bench.gateway;

import dev.freshet.bench.figures.Figures;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What it costs a gateway that somebody watches it: open consoles, and lines for each request. */
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
        Proxy silent =
            Proxy.start(Proxy.Kind.FRESHET, folder, ports, List.of(origin), Proxy.More.NOTHING);
        Proxy writing =
            Proxy.start(
                Proxy.Kind.FRESHET,
                folder,
                ports + OTHER_PORT_OFFSET,
                List.of(origin),
                new Proxy.More("", "", List.of("--access-log")))) {
      accessLog(load, silent, writing);
      consoles(silent);
    } finally {
      backend.destroyForcibly().waitFor();
    }
  }

  private void accessLog(Load load, Proxy silent, Proxy writing) throws Exception {
    String session = GatewayBench.session(silent);
    List<Contender> contenders =
        List.of(
            new Contender("none", silent, session),
            new Contender("access log", writing, GatewayBench.session(writing)));
    Contender.measureWarm(load, PATH, contenders, effort.warmUp() / contenders.size(), effort);
    out.printf(
        "1 kB, %d keep-alive connections, medians of %d alternating runs of %,d requests after %,d to warm up:%n%n",
        GatewayBench.CONNECTIONS, effort.runs(), effort.requests(), effort.warmUp());
    out.println("| log | us CPU/request | of none |");
    out.println("| --- | --- | --- |");
    double none = contenders.getFirst().cpuMicros();
    for (Contender contender : contenders) {
      out.printf(
          "| %s | %.1f | %.2f |%n",
          contender.title(), contender.cpuMicros(), contender.cpuMicros() / none);
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
