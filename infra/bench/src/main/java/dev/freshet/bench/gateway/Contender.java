package dev.freshet.bench.gateway;

import dev.freshet.bench.figures.Figures;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** One proxy and the runs through it. */
record Contender(String title, Proxy proxy, String headers, List<Run> runs) {

  /** What one run came to, for each request. */
  record Run(double cpuMicros, double requestsPerSecond, Histogram latencies) {}

  Contender(String title, Proxy proxy, String headers) {
    this(title, proxy, headers, new ArrayList<>());
  }

  /** Sends requests through each in turn, so often. */
  static void measure(
      Load load, int connections, String path, List<Contender> contenders, int runs, int requests)
      throws Exception {
    for (int run = 0; run < runs; run++) {
      for (Contender contender : contenders) {
        Proxy proxy = contender.proxy();
        double before = proxy.cpuMicros();
        Load.Outcome outcome =
            load.run(proxy.port(), path, contender.headers(), connections, requests);
        contender
            .runs()
            .add(
                new Run(
                    (proxy.cpuMicros() - before) / requests,
                    requests / outcome.seconds(),
                    outcome.latencies()));
      }
    }
  }

  /**
   * Warms each up, then measures as much as an effort says.
   *
   * @param warmUp requests to each
   */
  static void measureWarm(
      Load load, String path, List<Contender> contenders, int warmUp, GatewayBench.Effort effort)
      throws Exception {
    measure(load, GatewayBench.CONNECTIONS, path, contenders, 1, warmUp);
    contenders.forEach(Contender::forget);
    measure(load, GatewayBench.CONNECTIONS, path, contenders, effort.runs(), effort.requests());
  }

  private void forget() {
    runs.clear();
  }

  double cpuMicros() {
    return Figures.median(runs.stream().mapToDouble(Run::cpuMicros).toArray());
  }

  double requestsPerSecond() {
    return Figures.median(runs.stream().mapToDouble(Run::requestsPerSecond).toArray());
  }

  double millisAt(double percentile) {
    return Figures.median(
            runs.stream()
                .mapToDouble(run -> run.latencies().getValueAtPercentile(percentile))
                .toArray())
        / 1e6;
  }
}
