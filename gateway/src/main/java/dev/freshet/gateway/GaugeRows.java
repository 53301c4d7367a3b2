package dev.freshet.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * A gauge with a row for each value of one tag. Rows come and go; one that stays is never
 * registered again with another value: a scrape between the two would see it twice, and fail.
 */
final class GaugeRows {

  private final MultiGauge gauge;
  private final String tag;
  private volatile Map<String, DoubleSupplier> rows = Map.of();

  GaugeRows(MeterRegistry meters, String name, String description, String tag) {
    this.gauge = MultiGauge.builder(name).description(description).register(meters);
    this.tag = tag;
  }

  /**
   * Shows these rows and no others.
   *
   * @param now by the tag's value, what a scrape reads
   */
  void show(Map<String, DoubleSupplier> now) {
    rows = Map.copyOf(now);
    gauge.register(
        now.keySet().stream()
            .<MultiGauge.Row<?>>map(
                key -> MultiGauge.Row.of(Tags.of(tag, key), this, all -> all.value(key)))
            .toList(),
        false);
  }

  private double value(String key) {
    DoubleSupplier value = rows.get(key);
    return value == null ? Double.NaN : value.getAsDouble();
  }
}
