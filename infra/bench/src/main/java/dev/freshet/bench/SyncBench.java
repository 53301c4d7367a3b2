package dev.freshet.bench;

import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** The time from a write's answer to its row in {@code read.orders}, at a steady rate of writes. */
final class SyncBench {

  private static final int PORT_BASE = 12_000;
  private static final int WRITES_PER_SECOND = 50;
  private static final int WARM_UP_WRITES = 1_000;
  private static final int WRITES = 1_500;
  private static final double NANOS_PER_MILLI = 1e6;

  private final PrintStream out;

  SyncBench(PrintStream out) {
    this.out = out;
  }

  private record Written(UUID id, long answeredNanos) {}

  void run() throws Exception {
    Path data = Files.createTempDirectory("freshet-bench-");
    try (UpProcess up = UpProcess.start(data, PORT_BASE)) {
      up.awaitReady();
      measure(up, WARM_UP_WRITES);
      Histogram delay = measure(up, WRITES);
      out.printf(
          "From a write's answer to its row in `read.orders`, %d writes/s, %,d writes, one JVM:%n%n",
          WRITES_PER_SECOND, WRITES);
      out.println("| p50 | p90 | p99 | max |");
      out.println("| --- | --- | --- | --- |");
      out.printf(
          "| %.1f ms | %.1f ms | %.1f ms | %.1f ms |%n",
          delay.getValueAtPercentile(50) / NANOS_PER_MILLI,
          delay.getValueAtPercentile(90) / NANOS_PER_MILLI,
          delay.getValueAtPercentile(99) / NANOS_PER_MILLI,
          delay.getMaxValue() / NANOS_PER_MILLI);
    }
  }

  private static Histogram measure(UpProcess up, int writes) throws Exception {
    Histogram delay = new Histogram(Duration.ofMinutes(1).toNanos(), 3);
    BlockingQueue<Written> written = new LinkedBlockingQueue<>();
    Thread watcher = new Thread(() -> watch(up, written, writes, delay), "watcher");
    watcher.start();
    Restaurant restaurant = new Restaurant(up.gateway());
    long period = TimeUnit.SECONDS.toNanos(1) / WRITES_PER_SECOND;
    long next = System.nanoTime();
    for (int i = 0; i < writes; i++) {
      HttpResponse<String> answer = restaurant.placeOrder("Ada");
      String location = answer.headers().firstValue("Location").orElseThrow();
      written.add(
          new Written(
              UUID.fromString(location.substring(location.lastIndexOf('/') + 1)),
              System.nanoTime()));
      next += period;
      LockSupport.parkNanos(next - System.nanoTime());
    }
    watcher.join();
    return delay;
  }

  /** Looks for each row in turn; a row that is there before it is looked for counts as 0. */
  private static void watch(
      UpProcess up, BlockingQueue<Written> written, int writes, Histogram delay) {
    try (Connection connection = up.readDatabase(1);
        PreparedStatement look =
            connection.prepareStatement("select 1 from read.orders where id = ?")) {
      for (int i = 0; i < writes; i++) {
        Written next = written.take();
        look.setObject(1, next.id());
        while (!isThere(look)) {
          LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
        }
        delay.recordValue(Math.max(0, System.nanoTime() - next.answeredNanos()));
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isThere(PreparedStatement look) throws SQLException {
    try (ResultSet row = look.executeQuery()) {
      return row.next();
    }
  }
}
