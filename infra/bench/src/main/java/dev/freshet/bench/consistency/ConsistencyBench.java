package dev.freshet.bench.consistency;

import dev.freshet.bench.http.HttpCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What it costs to see what one wrote: the ways of doing it side by side, with copies that are more
 * and less behind.
 */
public final class ConsistencyBench {

  private static final int CLIENTS = 8;
  private static final int READS_A_WRITE = 9;
  private static final Duration PACE = Duration.ofMillis(20);
  private static final Duration WARM_UP = Duration.ofSeconds(3);

  /** Nine JVMs compile at first. */
  private static final Duration FIRST_WARM_UP = Duration.ofSeconds(15);

  private static final Duration STICKY = Duration.ofSeconds(2);
  private static final int VALUES_AN_ORDER = 40;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final Pattern ID = Pattern.compile("\"id\": ?\"([^\"]+)\"");

  private final PrintStream out;
  private final Duration each;
  private final int ports;

  /**
   * Prepares the runs.
   *
   * @param each how long each way is measured at each delay
   * @param ports the first of a hundred free ports
   */
  public ConsistencyBench(PrintStream out, Duration each, int ports) {
    this.out = out;
    this.each = each;
    this.ports = ports;
  }

  /** A way of reading. */
  private enum Way {
    PRIMARY("everything to the primary"),
    STICKY_PRIMARY("the primary for 2 s after a write"),
    EVENTUAL("Freshet, eventual"),
    SESSION("Freshet, session"),
    STRONG("Freshet, strong");

    private final String text;

    Way(String text) {
      this.text = text;
    }
  }

  /** What was counted of one way. */
  private record Tally(
      Histogram reads, Histogram writes, LongAdder ofPrimary, LongAdder stale, LongAdder failed) {

    Tally() {
      this(
          new ConcurrentHistogram(Duration.ofMinutes(1).toNanos(), 3),
          new ConcurrentHistogram(Duration.ofMinutes(1).toNanos(), 3),
          new LongAdder(),
          new LongAdder(),
          new LongAdder());
    }
  }

  /** Runs all and prints their table. */
  public void run() throws Exception {
    Path folder = Files.createTempDirectory("freshet-consistency-");
    try (WholeSystem system =
        new WholeSystem(folder, ports, Map.of(), WholeSystem.Wiring.MEASURED)) {
      out.println(
          "| copies behind by | way | reads on the primary | stale reads | read p50 | read p99 | write p50 | write p99 | failed |");
      out.println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
      for (Way way : Way.values()) {
        measure(system, way, FIRST_WARM_UP);
      }
      for (int millis : List.of(0, 50, 500)) {
        system.delayCopies(Duration.ofMillis(millis));
        for (Way way : Way.values()) {
          measure(system, way, WARM_UP);
          Tally tally = measure(system, way, each);
          out.println(row(millis, way, tally));
        }
      }
    }
  }

  private static String row(int millis, Way way, Tally tally) {
    long reads = tally.reads().getTotalCount();
    return "| %d ms | %s | %.1f %% | %,d of %,d | %s | %s | %s | %s | %,d |"
        .formatted(
            millis,
            way.text,
            100.0 * tally.ofPrimary().sum() / Math.max(1, reads),
            tally.stale().sum(),
            reads,
            millis(tally.reads(), 50),
            millis(tally.reads(), 99),
            millis(tally.writes(), 50),
            millis(tally.writes(), 99),
            tally.failed().sum());
  }

  private static String millis(Histogram histogram, double percentile) {
    return "%.1f ms".formatted(histogram.getValueAtPercentile(percentile) / NANOS_PER_MILLI);
  }

  private static Tally measure(WholeSystem system, Way way, Duration lasting) throws Exception {
    Tally tally = new Tally();
    long end = System.nanoTime() + lasting.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      threads.add(Thread.ofPlatform().start(() -> new Diner(system, way, tally).goOnUntil(end)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return tally;
  }

  /** One client: a dish more for its order, then looks at it. */
  private static final class Diner {

    private final WholeSystem system;
    private final Way way;
    private final Tally tally;
    private final HttpCalls calls = new HttpCalls(Duration.ofSeconds(15));
    private String token = "";
    private String order = "";
    private int value;
    private long wroteNanos;

    Diner(WholeSystem system, Way way, Tally tally) {
      this.system = system;
      this.way = way;
      this.tally = tally;
    }

    void goOnUntil(long end) {
      long next = System.nanoTime();
      int step = 0;
      while (System.nanoTime() < end) {
        try {
          if (step++ % (READS_A_WRITE + 1) == 0) {
            write();
          } else {
            read();
          }
        } catch (IOException e) {
          tally.failed().increment();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
        next += PACE.toNanos();
        // The first read follows its write at once.
        if (step % (READS_A_WRITE + 1) != 1) {
          LockSupport.parkNanos(next - System.nanoTime());
        }
      }
    }

    private void write() throws IOException, InterruptedException {
      boolean isNew = order.isEmpty() || value >= VALUES_AN_ORDER;
      int written = isNew ? Key.FIRST_VALUE : value + 1;
      String body =
          isNew
              ? "{\"kind\":\"takeaway\",\"customer\":\"Ada\",\"items\":[{\"sku\":\"margherita\",\"quantity\":%d}]}"
              : "{\"sku\":\"margherita\",\"quantity\":%d}";
      long started = System.nanoTime();
      HttpResponse<String> answer =
          send(
              system.gateway(),
              "POST",
              isNew ? "/orders" : "/orders/" + order + "/items",
              body.formatted(written),
              "");
      if (answer.statusCode() / 100 != 2) {
        tally.failed().increment();
        return;
      }
      tally.writes().recordValue(System.nanoTime() - started);
      wroteNanos = System.nanoTime();
      value = written;
      if (isNew) {
        Matcher id = ID.matcher(answer.body());
        order = id.find() ? id.group(1) : "";
      }
    }

    private void read() throws IOException, InterruptedException {
      if (order.isEmpty()) {
        return;
      }
      boolean sticks =
          way == Way.STICKY_PRIMARY && System.nanoTime() - wroteNanos < STICKY.toNanos();
      String gateway = way == Way.PRIMARY || sticks ? system.gatewayOfPrimary() : system.gateway();
      String level =
          switch (way) {
            case PRIMARY, STICKY_PRIMARY, EVENTUAL -> "eventual";
            case SESSION -> "session";
            case STRONG -> "strong";
          };
      long started = System.nanoTime();
      HttpResponse<String> answer = send(gateway, "GET", "/orders/" + order, "", level);
      if (answer.statusCode() != 200 && answer.statusCode() != 404) {
        tally.failed().increment();
        return;
      }
      tally.reads().recordValue(System.nanoTime() - started);
      if (answer.headers().firstValue("Freshet-Source").orElse("").contains("kind=primary")) {
        tally.ofPrimary().increment();
      }
      if (!answer.body().matches("(?s).*\"quantity\": ?" + value + "[,}].*")) {
        tally.stale().increment();
      }
    }

    private HttpResponse<String> send(
        String gateway, String method, String path, String body, String level)
        throws IOException, InterruptedException {
      HttpResponse<String> answer =
          calls.send(
              method, gateway + path, body, "Freshet-Session", token, "Freshet-Consistency", level);
      answer.headers().firstValue("Freshet-Session").ifPresent(given -> token = given);
      return answer;
    }
  }
}
