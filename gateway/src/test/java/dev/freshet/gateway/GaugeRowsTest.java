package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GaugeRowsTest {

  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final GaugeRows rows = new GaugeRows(meters, "freshet.things", "How many", "pool");

  @Test
  void rowsHaveTheLatestFigureAndLeaveWithTheirTag() {
    rows.show(Map.of("readers", () -> 2, "writers", () -> 1));
    rows.show(Map.of("readers", () -> 3));
    assertThat(meters.scrape())
        .contains("freshet_things{pool=\"readers\"} 3.0")
        .doesNotContain("writers");
  }

  @Test
  void scrapeBesideAChangeSeesEachRowOnce() {
    rows.show(Map.of("readers", () -> 0));
    AtomicBoolean ended = new AtomicBoolean();
    CompletableFuture<Void> changing =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; !ended.get(); i++) {
                int figure = i;
                rows.show(Map.of("readers", () -> figure));
              }
            });
    try {
      for (int i = 0; i < 5_000; i++) {
        assertThat(meters.scrape()).containsOnlyOnce("freshet_things{");
      }
    } finally {
      ended.set(true);
    }
    changing.join();
  }
}
