package dev.freshet.bench.gateway;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each protection that can be switched on costs a request: routes of one gateway that differ
 * in that alone, in turn. None of them has anything to do here: nobody is late, slow or too many.
 */
public final class ProtectionBench {

  private static final int ORIGIN_PORT_OFFSET = 90;
  private static final String PATH = "/orders/1024";
  private static final String NONE = "none";

  /** By what it is called here, what stands in the route beside its reads, and in those. */
  private static final Map<String, Route> ROUTES = new LinkedHashMap<>();

  private record Route(String pool, String ofRead, String beside) {}

  static {
    ROUTES.put(NONE, new Route("two", "", ""));
    ROUTES.put("limit: 1000", new Route("limited", "", ""));
    ROUTES.put("limit: adaptive", new Route("adaptive", "", ""));
    ROUTES.put("hedge", new Route("two", ", hedge: { after: 5s }", ""));
    ROUTES.put(
        "rate, by address",
        new Route("two", "", ", rate: { requests: 1000000, per: 1s, by: address }"));
  }

  private final PrintStream out;
  private final int ports;
  private final GatewayBench.Effort effort;

  /**
   * Prepares a run.
   *
   * @param ports the first of a hundred free ports
   */
  public ProtectionBench(PrintStream out, int ports, GatewayBench.Effort effort) {
    this.out = out;
    this.ports = ports;
    this.effort = effort;
  }

  /** Runs all of it. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-protections-");
    int origin = ports + ORIGIN_PORT_OFFSET;
    Process backend = Origin.start(folder, origin);
    try (Load load = new Load();
        Proxy freshet =
            Proxy.start(
                Proxy.Kind.FRESHET,
                folder,
                ports,
                List.of(origin),
                new Proxy.More(routes(), pools(origin)))) {
      String session = GatewayBench.session(freshet);
      List<Contender> contenders = new ArrayList<>();
      ROUTES
          .keySet()
          .forEach(
              name ->
                  contenders.add(
                      new Contender(name, freshet, session + "X-Protection: " + name + "\r\n")));
      Contender.measureWarm(load, PATH, contenders, effort.warmUp() / contenders.size(), effort);
      table(contenders);
    } finally {
      backend.destroyForcibly().waitFor();
    }
  }

  private void table(List<Contender> contenders) {
    out.printf(
        "1 kB, %d keep-alive connections, medians of %d alternating runs of %,d requests after %,d to warm up:%n%n",
        GatewayBench.CONNECTIONS, effort.runs(), effort.requests(), effort.warmUp());
    out.println("| protection | us CPU/request | of none | requests/s | p99 ms |");
    out.println("| --- | --- | --- | --- | --- |");
    double none = contenders.getFirst().cpuMicros();
    for (Contender contender : contenders) {
      out.printf(
          "| %s | %.1f | %.2f | %,.0f | %.2f |%n",
          contender.title(),
          contender.cpuMicros(),
          contender.cpuMicros() / none,
          contender.requestsPerSecond(),
          contender.millisAt(99));
    }
  }

  private static String routes() {
    StringBuilder routes = new StringBuilder();
    ROUTES.forEach(
        (name, route) ->
            routes.append(
                "  - { id: %s, path: /orders/**, headers: { X-Protection: \"%s\" }, read: { pool: %s%s }, write: { pool: writers }%s }\n"
                    .formatted(
                        name.replaceAll("[^a-z0-9]+", "-"),
                        name,
                        route.pool(),
                        route.ofRead(),
                        route.beside())));
    return routes.toString();
  }

  private static String pools(int origin) {
    return """
          two:
            instances:
              - { id: one, url: "http://127.0.0.1:%1$d", kind: replica }
              - { id: other, url: "http://127.0.0.1:%1$d", kind: replica }
          limited:
            instances:
              - { id: limited, url: "http://127.0.0.1:%1$d", kind: replica, limit: 1000 }
              - { id: limited-too, url: "http://127.0.0.1:%1$d", kind: replica, limit: 1000 }
          adaptive:
            instances:
              - { id: adaptive, url: "http://127.0.0.1:%1$d", kind: replica, limit: adaptive }
              - { id: adaptive-too, url: "http://127.0.0.1:%1$d", kind: replica, limit: adaptive }
        """
        .formatted(origin);
  }
}
