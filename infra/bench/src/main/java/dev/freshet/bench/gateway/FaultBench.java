package dev.freshet.bench.gateway;

import dev.freshet.bench.http.HttpCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What becomes of reads while one of three backends is dead, slow or resetting, through Freshet and
 * through HAProxy with its own checks and retries.
 *
 * <p>Clients ask at a steady pace and don't try again themselves; a fault begins amidst.
 */
public final class FaultBench {

  private static final int BACKENDS = 3;
  private static final int CLIENTS = 20;
  private static final Duration PAUSE = Duration.ofMillis(40);
  private static final Duration BEFORE = Duration.ofSeconds(5);
  private static final Duration DURING = Duration.ofSeconds(15);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int ORIGIN_PORT_OFFSET = 50;

  private final PrintStream out;
  private final int ports;
  private final HttpCalls calls = new HttpCalls(PATIENCE);

  /**
   * Prepares a run.
   *
   * @param ports the first of a hundred free ports
   */
  public FaultBench(PrintStream out, int ports) {
    this.out = out;
    this.ports = ports;
  }

  /** What befalls one backend. */
  private enum Fault {
    NONE("none"),
    DEAD("killed"),
    SLOW("answers after 2 s"),
    RESETTING("resets connections once it has the request");

    private final String title;

    Fault(String title) {
      this.title = title;
    }
  }

  /** What reads go through. */
  private record Through(String title, Proxy.Kind kind, Proxy.More more) {

    Through(Proxy.Kind kind) {
      this(kind.title(), kind, Proxy.More.NOTHING);
    }

    static final List<Through> ALL =
        List.of(
            new Through(Proxy.Kind.FRESHET),
            new Through(
                "Freshet, with hedge: { after: 50ms }",
                Proxy.Kind.FRESHET,
                new Proxy.More(
                    "  - { id: hedged, path: /orders/1024, read: { pool: readers, hedge: { after: 50ms } } }\n",
                    "")),
            new Through(Proxy.Kind.HAPROXY));
  }

  private static final class Outcome {
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private final Histogram latencies = new ConcurrentHistogram(TimeUnit.SECONDS.toMicros(60), 3);
  }

  /** Runs all of it. */
  public void run() throws Exception {
    out.printf(
        "%d clients ask every %d ms for %d s, the fault befalls one of %d backends after %d s; from then on:%n%n",
        CLIENTS, PAUSE.toMillis(), BEFORE.plus(DURING).toSeconds(), BACKENDS, BEFORE.toSeconds());
    out.println(
        "| one backend | through | reads | not answered with 200 | p50 ms | p99 ms | longest ms |");
    out.println("| --- | --- | --- | --- | --- | --- | --- |");
    for (Fault fault : Fault.values()) {
      for (Through through : Through.ALL) {
        if (through.kind().isInstalled()) {
          row(fault, through, measure(fault, through));
        }
      }
    }
  }

  private void row(Fault fault, Through through, Outcome outcome) {
    out.printf(
        "| %s | %s | %,d | %,d | %.1f | %.1f | %.0f |%n",
        fault.title,
        through.title(),
        outcome.asked.get(),
        outcome.asked.get() - outcome.answered.get(),
        outcome.latencies.getValueAtPercentile(50) / 1e3,
        outcome.latencies.getValueAtPercentile(99) / 1e3,
        outcome.latencies.getMaxValue() / 1e3);
  }

  private Outcome measure(Fault fault, Through through) throws Exception {
    Path folder = Files.createTempDirectory("freshet-bench-faults-");
    List<Integer> origins = new ArrayList<>();
    List<Process> backends = new ArrayList<>();
    for (int i = 0; i < BACKENDS; i++) {
      int port = ports + ORIGIN_PORT_OFFSET + i;
      origins.add(port);
      backends.add(Origin.start(folder, port));
    }
    try (Proxy proxy = Proxy.start(through.kind(), folder, ports, origins, through.more())) {
      ask(proxy, BEFORE);
      begin(fault, backends.getFirst(), origins.getFirst());
      return ask(proxy, DURING);
    } finally {
      for (Process backend : backends) {
        backend.destroyForcibly().waitFor();
      }
    }
  }

  private void begin(Fault fault, Process backend, int port) throws Exception {
    switch (fault) {
      case NONE -> {
        // Nothing befalls it.
      }
      case DEAD -> backend.destroyForcibly().waitFor();
      case SLOW, RESETTING ->
          calls.send(
              "POST",
              "http://127.0.0.1:%d%s%s".formatted(port, Origin.FAULT_PATH, fault.name()),
              "now");
    }
  }

  private Outcome ask(Proxy proxy, Duration time) throws Exception {
    Outcome outcome = new Outcome();
    long end = System.nanoTime() + time.toNanos();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        running.add(
            clients.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    ask(proxy, outcome);
                    LockSupport.parkNanos(PAUSE.toNanos());
                  }
                  return true;
                }));
      }
      for (Future<?> client : running) {
        client.get();
      }
    }
    return outcome;
  }

  private void ask(Proxy proxy, Outcome outcome) throws InterruptedException {
    outcome.asked.incrementAndGet();
    long started = System.nanoTime();
    try {
      if (calls
              .send("GET", "http://127.0.0.1:%d/orders/1024".formatted(proxy.port()), "")
              .statusCode()
          == 200) {
        outcome.answered.incrementAndGet();
      }
    } catch (IOException e) {
      // Not answered.
    }
    outcome.latencies.recordValue(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - started));
  }
}
