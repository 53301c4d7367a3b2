package dev.freshet.runtime;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the timers or counters of one name have counted lately, by some of their labels: rates, and
 * percentiles of the very buckets that Prometheus scrapes. It looks when it is asked, and goes by
 * the oldest look within the window; before the second look nothing is known.
 */
public final class RecentMeters {

  /** Looks that come sooner than this after the last one are not kept. */
  private static final long SPACING_NANOS = Duration.ofMillis(500).toNanos();

  /** For how many windows a look is of use when it is the only one. */
  private static final int LONE_LOOKS = 3;

  private static final double NANOS_PER_SECOND = 1e9;

  private final MeterRegistry meters;
  private final String name;
  private final List<String> labels;
  private final long windowNanos;
  private final boolean percentiles;
  private final LongSupplier nanoTime;
  private final Deque<Look> looks = new ArrayDeque<>();

  /**
   * Watches meters.
   *
   * @param name theirs
   * @param labels that are told apart; over others it is summed up
   * @param window how far it looks back
   */
  public RecentMeters(MeterRegistry meters, String name, List<String> labels, Duration window) {
    this(meters, name, labels, window, true, System::nanoTime);
  }

  /** Watches meters for their rates alone: percentiles take a walk through all their buckets. */
  public static RecentMeters ofRates(
      MeterRegistry meters, String name, List<String> labels, Duration window) {
    return ofRates(meters, name, labels, window, System::nanoTime);
  }

  /**
   * Watches meters for their rates alone, by a clock of one's own.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  public static RecentMeters ofRates(
      MeterRegistry meters,
      String name,
      List<String> labels,
      Duration window,
      LongSupplier nanoTime) {
    return new RecentMeters(meters, name, labels, window, false, nanoTime);
  }

  RecentMeters(
      MeterRegistry meters,
      String name,
      List<String> labels,
      Duration window,
      boolean percentiles,
      LongSupplier nanoTime) {
    this.meters = meters;
    this.name = name;
    this.labels = List.copyOf(labels);
    this.windowNanos = window.toNanos();
    this.percentiles = percentiles;
    this.nanoTime = nanoTime;
  }

  /**
   * What was counted within the window.
   *
   * @param labels in the order in which they were asked for
   * @param count how many
   * @param perSecond how often
   * @param p50Seconds the median, interpolated as PromQL's histogram_quantile does it; null where
   *     there is none
   * @param p99Seconds the 99th percentile, likewise
   */
  public record Recent(
      List<String> labels,
      double count,
      double perSecond,
      @Nullable Double p50Seconds,
      @Nullable Double p99Seconds) {}

  private record Look(long nanos, Map<List<String>, Totals> totals) {}

  /** Running totals; buckets are cumulative, by their upper bound in seconds. */
  private static final class Totals {

    private double count;
    private final NavigableMap<Double, Double> buckets = new TreeMap<>();

    void add(Meter meter, boolean percentiles) {
      if (meter instanceof Counter counter) {
        count += counter.count();
      } else if (meter instanceof Timer timer) {
        count += timer.count();
        if (!percentiles) {
          return;
        }
        for (CountAtBucket bucket : timer.takeSnapshot().histogramCounts()) {
          buckets.merge(bucket.bucket() / NANOS_PER_SECOND, bucket.count(), Double::sum);
        }
      }
    }
  }

  /** What was counted within the window, the most frequent first; empty while that is unknown. */
  public synchronized Optional<List<Recent>> now() {
    Look now = new Look(nanoTime.getAsLong(), totals());
    while (isPassed(looks.peekFirst(), now)) {
      looks.removeFirst();
    }
    Look before = looks.peekFirst();
    if (before == null || now.nanos - looks.getLast().nanos >= SPACING_NANOS) {
      looks.addLast(now);
    }
    return before == null || before.nanos == now.nanos
        ? Optional.empty()
        : Optional.of(between(before, now));
  }

  /** One alone serves a while longer: who asks seldom is answered, too. */
  private boolean isPassed(@Nullable Look look, Look now) {
    long kept = looks.size() > 1 ? windowNanos : LONE_LOOKS * windowNanos;
    return look != null && now.nanos - look.nanos > kept;
  }

  private Map<List<String>, Totals> totals() {
    Map<List<String>, Totals> totals = new LinkedHashMap<>();
    for (Meter meter : meters.find(name).meters()) {
      List<String> values =
          labels.stream().map(label -> String.valueOf(meter.getId().getTag(label))).toList();
      totals.computeIfAbsent(values, ignored -> new Totals()).add(meter, percentiles);
    }
    return totals;
  }

  private static List<Recent> between(Look before, Look now) {
    double seconds = (now.nanos - before.nanos) / NANOS_PER_SECOND;
    List<Recent> recent = new ArrayList<>();
    now.totals.forEach(
        (values, totals) -> {
          Totals earlier = before.totals.getOrDefault(values, new Totals());
          // Meters of what is gone are forgotten, and then totals shrink.
          double count = Math.max(0, totals.count - earlier.count);
          double[] bounds = totals.buckets.keySet().stream().mapToDouble(Double::valueOf).toArray();
          double[] counts =
              Arrays.stream(bounds)
                  .map(
                      bound ->
                          Math.max(
                              0,
                              totals.buckets.getOrDefault(bound, 0.0)
                                  - earlier.buckets.getOrDefault(bound, 0.0)))
                  .toArray();
          recent.add(
              new Recent(
                  values,
                  count,
                  count / seconds,
                  quantile(0.5, count, bounds, counts),
                  quantile(0.99, count, bounds, counts)));
        });
    recent.sort((one, other) -> Double.compare(other.perSecond, one.perSecond));
    return recent;
  }

  /**
   * A quantile of cumulative buckets, linear within a bucket; beyond the last bound it is that
   * bound. As Prometheus has it: https://prometheus.io/docs/prometheus/latest/querying/functions/
   * (histogram_quantile).
   */
  private static @Nullable Double quantile(
      double wanted, double total, double[] bounds, double[] counts) {
    if (total <= 0 || bounds.length == 0) {
      return null;
    }
    double rank = wanted * total;
    for (int i = 0; i < bounds.length; i++) {
      if (counts[i] >= rank) {
        double below = i == 0 ? 0 : counts[i - 1];
        double from = i == 0 ? 0 : bounds[i - 1];
        return counts[i] == below
            ? Double.valueOf(bounds[i])
            : Double.valueOf(from + (bounds[i] - from) * (rank - below) / (counts[i] - below));
      }
    }
    return bounds[bounds.length - 1];
  }
}
