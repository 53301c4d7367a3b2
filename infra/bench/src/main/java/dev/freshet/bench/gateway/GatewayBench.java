package dev.freshet.bench.gateway;

import dev.freshet.bench.http.HttpCalls;
import io.netty.channel.Channel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a proxied read costs: CPU time of the proxy's process per request, throughput and latency,
 * Freshet with all that the sample's routes turn on beside its peers.
 *
 * <p>Every request carries a session token, and every answer is past it: Freshet checks one
 * signature and makes another for each. All proxies run at once, and take turns.
 */
public final class GatewayBench {

  static final int CONNECTIONS = 64;
  private static final int MANY_ROUTES = 1_000;
  private static final int IDLE_CONNECTIONS = 10_000;
  private static final int ORIGIN_PORT_OFFSET = 90;

  private final PrintStream out;
  private final int ports;
  private final Effort effort;

  /**
   * How much is done.
   *
   * @param runs of each proxy, in turn
   * @param requests of one run, with an answer of 1 kB
   * @param warmUp requests before, through each proxy
   */
  public record Effort(int runs, int requests, int warmUp) {

    /** Enough to compare. */
    public static final Effort FULL = new Effort(7, 30_000, 600_000);

    /** Enough to see whether a change helped. */
    public static final Effort SHORT = new Effort(3, 20_000, 150_000);
  }

  /**
   * Prepares a run.
   *
   * @param ports the first of a hundred free ports
   */
  public GatewayBench(PrintStream out, int ports, Effort effort) {
    this.out = out;
    this.ports = ports;
    this.effort = effort;
  }

  /** Runs all of it. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-gateway-");
    int origin = ports + ORIGIN_PORT_OFFSET;
    Process backend = Origin.start(folder, origin);
    Map<Proxy.Kind, Proxy> proxies = new EnumMap<>(Proxy.Kind.class);
    try (Load load = new Load()) {
      int port = ports;
      for (Proxy.Kind kind : Proxy.Kind.values()) {
        if (kind.isInstalled()) {
          proxies.put(kind, Proxy.start(kind, folder, port, List.of(origin), Proxy.More.NOTHING));
        } else {
          out.printf("%s is not installed, and so left out.%n", kind.title());
        }
        port += 2;
      }
      firstAnswers(proxies.values().stream().toList());
      idleConnections(load, proxies);
      sizes(load, proxies);
      manyRoutes(load, proxies, folder, port, origin);
    } finally {
      proxies.values().forEach(Proxy::close);
      backend.destroyForcibly().waitFor();
    }
  }

  private void firstAnswers(List<Proxy> proxies) {
    out.println("| | start to first proxied answer, s |");
    out.println("| --- | --- |");
    for (Proxy proxy : proxies) {
      out.printf("| %s | %.1f |%n", proxy.kind().title(), proxy.secondsToFirstAnswer());
    }
  }

  private void sizes(Load load, Map<Proxy.Kind, Proxy> proxies) throws Exception {
    int kilo = 1024;
    List<Contender> warm = contenders(proxies);
    Contender.measure(load, CONNECTIONS, "/orders/" + kilo, warm, 1, effort.warmUp());
    for (int size : List.of(kilo, 16 * kilo, kilo * kilo)) {
      int requests = Math.max(1_000, effort.requests() / Math.max(1, size / (4 * kilo)));
      List<Contender> contenders = contenders(proxies);
      Contender.measure(load, CONNECTIONS, "/orders/" + size, contenders, effort.runs(), requests);
      table("%,d bytes".formatted(size), contenders, requests);
    }
  }

  private static List<Contender> contenders(Map<Proxy.Kind, Proxy> proxies) throws Exception {
    Proxy freshet = proxies.get(Proxy.Kind.FRESHET);
    if (freshet == null) {
      throw new IllegalStateException("Freshet takes part");
    }
    String headers = session(freshet);
    return proxies.values().stream()
        .map(proxy -> new Contender(proxy.kind().title(), proxy, headers))
        .toList();
  }

  /** A write's token, as a header's line. */
  static String session(Proxy freshet) throws IOException, InterruptedException {
    return "Freshet-Session: "
        + new HttpCalls(Duration.ofSeconds(5))
            .send("POST", "http://127.0.0.1:%d/orders/2".formatted(freshet.port()), "{}")
            .headers()
            .firstValue("Freshet-Session")
            .orElseThrow()
        + "\r\n";
  }

  private void table(String what, List<Contender> contenders, int requests) {
    out.printf(
        "%n%s, %d keep-alive connections, medians of %d alternating runs of %,d requests after %,d to warm up:%n%n",
        what, CONNECTIONS, effort.runs(), requests, effort.warmUp());
    out.println("| | us CPU/request | of plain SCG | requests/s | p50 ms | p99 ms |");
    out.println("| --- | --- | --- | --- | --- | --- |");
    double ofPlain =
        contenders.stream()
            .filter(c -> c.proxy().kind() == Proxy.Kind.SPRING_CLOUD_GATEWAY)
            .findFirst()
            .orElseThrow()
            .cpuMicros();
    for (Contender contender : contenders) {
      out.printf(
          "| %s | %.0f | %.2f | %,.0f | %.2f | %.2f |%n",
          contender.title(),
          contender.cpuMicros(),
          contender.cpuMicros() / ofPlain,
          contender.requestsPerSecond(),
          contender.millisAt(50),
          contender.millisAt(99));
    }
  }

  /** Routes that match nothing here. */
  private static Proxy.More manyRoutes() {
    StringBuilder routes = new StringBuilder();
    for (int i = 0; i < MANY_ROUTES; i++) {
      routes.append(
          "  - { id: r%1$d, path: \"/tenant-%1$d/**\", read: { pool: readers } }\n".formatted(i));
    }
    return new Proxy.More(routes.toString(), "");
  }

  private void manyRoutes(
      Load load, Map<Proxy.Kind, Proxy> proxies, Path folder, int port, int origin)
      throws Exception {
    Proxy few = proxies.get(Proxy.Kind.FRESHET);
    if (few == null) {
      throw new IllegalStateException("Freshet takes part");
    }
    try (Proxy many =
        Proxy.start(Proxy.Kind.FRESHET, folder, port, List.of(origin), manyRoutes())) {
      List<Contender> contenders =
          List.of(
              new Contender("Freshet, the sample's routes", few, session(few)),
              new Contender("Freshet, 1,000 routes before them", many, session(many)));
      Contender.measureWarm(load, "/orders/1024", contenders, effort.warmUp(), effort);
      out.printf("%n| | us CPU/request |%n| --- | --- |%n");
      contenders.forEach(
          contender -> out.printf("| %s | %.0f |%n", contender.title(), contender.cpuMicros()));
    }
  }

  /** Before anything else: a heap that has grown under load would hide what they take. */
  private void idleConnections(Load load, Map<Proxy.Kind, Proxy> proxies) throws Exception {
    out.printf("%n| %,d idle connections | MiB before | MiB with them |%n", IDLE_CONNECTIONS);
    out.println("| --- | --- | --- |");
    for (Proxy proxy : proxies.values()) {
      double before = proxy.residentMebibytes();
      List<Channel> idle = load.openIdle(proxy.port(), "/orders/1024", IDLE_CONNECTIONS);
      double after = proxy.residentMebibytes();
      idle.forEach(channel -> channel.close().syncUninterruptibly());
      out.printf("| %s | %.0f | %.0f |%n", proxy.kind().title(), before, after);
    }
  }
}
