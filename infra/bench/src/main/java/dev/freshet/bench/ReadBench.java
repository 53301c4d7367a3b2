package dev.freshet.bench;

import dev.freshet.bench.figures.Figures;
import dev.freshet.bench.process.ProcessUse;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * {@code GET /orders/{id}} through the gateway beside the same request straight to the
 * read-backend: CPU time of each process per request. Time to ready and memory come along.
 */
final class ReadBench {

  private static final int PORT_BASE = 12_000;
  private static final int CLIENTS = 8;
  private static final int WARM_UP = 20_000;
  private static final int REQUESTS = 10_000;
  private static final int RUNS = 5;

  /** Reader 4 of two replicas, the primary and one read database. */
  private static final int READ_DATABASE_READER = 4;

  private final PrintStream out;

  ReadBench(PrintStream out) {
    this.out = out;
  }

  void run() throws Exception {
    Path data = Files.createTempDirectory("freshet-bench-");
    out.println("| time to ready | seconds |");
    out.println("| --- | --- |");
    try (UpProcess up = UpProcess.start(data, PORT_BASE)) {
      out.printf("| first start, one JVM | %.1f |%n", up.awaitReady());
    }
    try (UpProcess up = UpProcess.start(data, PORT_BASE)) {
      out.printf("| next start, one JVM | %.1f |%n", up.awaitReady());
      memory("one JVM", up, List.of(up.process().toHandle()));
    }
    try (UpProcess up = UpProcess.start(data, PORT_BASE, "--processes")) {
      out.printf("%nOne JVM a part: ready in %.1f s.%n", up.awaitReady());
      List<ProcessHandle> jvms = new ArrayList<>(up.parts());
      jvms.add(up.process().toHandle());
      memory("one JVM a part", up, jvms);
      cost(up);
    }
  }

  private void memory(String what, UpProcess up, List<ProcessHandle> jvms) {
    List<ProcessHandle> servers = new ArrayList<>();
    for (ProcessHandle server : up.servers()) {
      servers.add(server);
      server.descendants().forEach(servers::add);
    }
    double java = ProcessUse.residentMebibytes(jvms);
    double postgres = ProcessUse.residentMebibytes(servers);
    out.printf(
        "%nMemory (proportional set size), %s: JVM %.0f MiB, PostgreSQL (4 servers) %.0f MiB, together %.0f MiB.%n",
        what, java, postgres, java + postgres);
  }

  private void cost(UpProcess up) throws Exception {
    Restaurant viaGateway = new Restaurant(up.gateway());
    Restaurant direct = new Restaurant(up.reader(READ_DATABASE_READER));
    String order = viaGateway.placeOrder("Ada").headers().firstValue("Location").orElseThrow();
    while (direct.get(order).statusCode() != 200) {
      Thread.onSpinWait();
    }
    ProcessHandle gateway = up.part("gateway");
    ProcessHandle reader = up.part("read-1");
    load(viaGateway, order, WARM_UP);
    load(direct, order, WARM_UP);
    double[] gatewayCpu = new double[RUNS];
    double[] readerCpuViaGateway = new double[RUNS];
    double[] readerCpuDirect = new double[RUNS];
    for (int run = 0; run < RUNS; run++) {
      double gatewayBefore = ProcessUse.cpuMicros(gateway);
      double readerBefore = ProcessUse.cpuMicros(reader);
      load(viaGateway, order, REQUESTS);
      gatewayCpu[run] = (ProcessUse.cpuMicros(gateway) - gatewayBefore) / REQUESTS;
      readerCpuViaGateway[run] = (ProcessUse.cpuMicros(reader) - readerBefore) / REQUESTS;
      readerBefore = ProcessUse.cpuMicros(reader);
      load(direct, order, REQUESTS);
      readerCpuDirect[run] = (ProcessUse.cpuMicros(reader) - readerBefore) / REQUESTS;
    }
    double gatewayMedian = Figures.median(gatewayCpu);
    double directMedian = Figures.median(readerCpuDirect);
    out.printf(
        "%n`GET /orders/{id}`, %d clients, medians of %d alternating runs of %,d requests after %,d of each to warm up:%n%n",
        CLIENTS, RUNS, REQUESTS, WARM_UP);
    out.println("| | gateway, us CPU/request | read-backend, us CPU/request |");
    out.println("| --- | --- | --- |");
    out.printf(
        "| through the gateway | %.0f | %.0f |%n",
        gatewayMedian, Figures.median(readerCpuViaGateway));
    out.printf("| straight to the read-backend | | %.0f |%n", directMedian);
    out.printf(
        "%nThe gateway adds %.2f times what the read-backend uses.%n",
        gatewayMedian / directMedian);
  }

  private static void load(Restaurant restaurant, String path, int requests) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
      List<Callable<Integer>> clients = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        clients.add(
            () -> {
              for (int i = 0; i < requests / CLIENTS; i++) {
                HttpResponse<String> answer = restaurant.get(path);
                if (answer.statusCode() != 200) {
                  throw new IllegalStateException(
                      "A read failed: %d %s".formatted(answer.statusCode(), answer.body()));
                }
              }
              return 0;
            });
      }
      for (Future<Integer> client : threads.invokeAll(clients)) {
        client.get();
      }
    }
  }
}
