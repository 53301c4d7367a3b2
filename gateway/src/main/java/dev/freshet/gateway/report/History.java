package dev.freshet.gateway.report;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How figures were lately: every second for a quarter of an hour, and for six hours the highest of
 * every fifteen seconds. What was unknown is a gap. It holds at most {@link #MOST_SERIES} figures;
 * a new one then takes the place of one that has been unknown throughout.
 */
final class History {

  static final int MOST_SERIES = 200;

  private static final Duration COARSE_STEP = Duration.ofSeconds(15);

  private final Span fine = new Span(Duration.ofSeconds(1), 900);
  private final Span coarse = new Span(COARSE_STEP, 1_440);

  /**
   * A figure.
   *
   * @param kind what it is a figure of: instance, sync or model
   * @param name which one
   */
  record Series(String kind, String name) {}

  /**
   * Figures of a span of time.
   *
   * @param stepSeconds between two values
   * @param endEpochSeconds the moment of the last value
   * @param series each with as many values as any other; null where it was unknown
   */
  record Chart(long stepSeconds, long endEpochSeconds, List<Values> series) {}

  /** One figure, in seconds. */
  record Values(String kind, String name, List<@Nullable Float> values) {}

  /** Takes what figures are now, in seconds; those that are not named are unknown. */
  synchronized void add(Instant at, Map<Series, Double> figures) {
    fine.add(at, figures);
    coarse.add(at, figures);
  }

  /** What the shorter span that holds it says. */
  synchronized Chart last(Duration length) {
    Span span = length.compareTo(fine.length()) <= 0 ? fine : coarse;
    return span.told(length);
  }

  /** Steps of one length, as a ring. */
  private static final class Span {

    private static final long NEVER = Long.MIN_VALUE;

    private final long stepSeconds;
    private final int steps;
    private final Map<Series, float[]> rings = new LinkedHashMap<>();
    private long last = NEVER;

    Span(Duration step, int steps) {
      this.stepSeconds = step.toSeconds();
      this.steps = steps;
    }

    Duration length() {
      return Duration.ofSeconds(stepSeconds * steps);
    }

    void add(Instant at, Map<Series, Double> figures) {
      long now = Math.floorDiv(at.getEpochSecond(), stepSeconds);
      passTo(now);
      figures.forEach(
          (series, value) -> {
            float[] ring = ring(series);
            if (ring != null) {
              int place = place(now);
              ring[place] =
                  Float.isNaN(ring[place])
                      ? value.floatValue()
                      : Math.max(ring[place], value.floatValue());
            }
          });
    }

    /** Steps that nothing was said in are gaps; a clock that was set back begins again. */
    private void passTo(long now) {
      if (last == NEVER || now < last || now - last >= steps) {
        rings.values().forEach(ring -> Arrays.fill(ring, Float.NaN));
      } else {
        for (long step = last + 1; step <= now; step++) {
          int place = place(step);
          // Looks are a step apart, a little more or less: one that is skipped is no gap.
          boolean isSkipped = stepSeconds == 1 && now - last == 2 && step == last + 1;
          int before = place(last);
          rings.values().forEach(ring -> ring[place] = isSkipped ? ring[before] : Float.NaN);
        }
      }
      last = now;
    }

    private int place(long step) {
      return (int) Math.floorMod(step, (long) steps);
    }

    private float @Nullable [] ring(Series series) {
      float[] known = rings.get(series);
      if (known != null) {
        return known;
      }
      if (rings.size() >= MOST_SERIES) {
        rings.values().removeIf(Span::isUnknown);
      }
      if (rings.size() >= MOST_SERIES) {
        return null;
      }
      float[] ring = new float[steps];
      Arrays.fill(ring, Float.NaN);
      rings.put(series, ring);
      return ring;
    }

    private static boolean isUnknown(float[] ring) {
      for (float value : ring) {
        if (!Float.isNaN(value)) {
          return false;
        }
      }
      return true;
    }

    Chart told(Duration length) {
      int wanted = (int) Math.min(steps, Math.max(1, length.toSeconds() / stepSeconds));
      List<Values> told = new ArrayList<>();
      rings.forEach(
          (series, ring) -> {
            List<@Nullable Float> values = new ArrayList<>(wanted);
            for (long step = last - wanted + 1; step <= last; step++) {
              float value = ring[place(step)];
              values.add(Float.isNaN(value) ? null : Float.valueOf(value));
            }
            if (!isUnknown(ring)) {
              told.add(new Values(series.kind(), series.name(), values));
            }
          });
      return new Chart(stepSeconds, last * stepSeconds, told);
    }
  }
}
