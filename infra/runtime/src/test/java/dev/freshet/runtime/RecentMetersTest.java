package dev.freshet.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.freshet.runtime.RecentMeters.Recent;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentMetersTest {

  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final AtomicLong nanos = new AtomicLong(1);
  private final RecentMeters recent =
      new RecentMeters(meters, "orders", List.of("kind"), Duration.ofSeconds(10), true, nanos::get);

  private Timer timer(String kind, String status) {
    return Timer.builder("orders")
        .publishPercentileHistogram()
        .tag("kind", kind)
        .tag("status", status)
        .register(meters);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void firstLookKnowsNothing() {
    timer("takeaway", "200").record(Duration.ofMillis(5));
    assertThat(recent.now()).isEmpty();
  }

  @Test
  void rateIsOverTheTimeBetweenLooksAndSummedOverOtherLabels() {
    recent.now();
    timer("takeaway", "200").record(Duration.ofMillis(5));
    timer("takeaway", "500").record(Duration.ofMillis(5));
    timer("dine-in", "200").record(Duration.ofMillis(5));
    pass(Duration.ofSeconds(2));
    assertThat(recent.now().orElseThrow())
        .extracting(Recent::labels, Recent::perSecond)
        .containsExactly(tuple(List.of("takeaway"), 1.0), tuple(List.of("dine-in"), 0.5));
  }

  @Test
  void percentilesAreOfTheWindowAlone() {
    recent.now();
    for (int i = 0; i < 1_000; i++) {
      timer("takeaway", "200").record(Duration.ofSeconds(8));
    }
    pass(Duration.ofSeconds(11));
    recent.now();
    for (int i = 0; i < 98; i++) {
      timer("takeaway", "200").record(Duration.ofMillis(10));
    }
    timer("takeaway", "200").record(Duration.ofSeconds(1));
    timer("takeaway", "200").record(Duration.ofSeconds(1));
    pass(Duration.ofSeconds(5));
    Recent takeaway = recent.now().orElseThrow().getFirst();
    assertThat(takeaway.perSecond()).isEqualTo(20);
    assertThat(takeaway.p50Seconds()).isCloseTo(0.010, within(0.002));
    assertThat(takeaway.p99Seconds()).isCloseTo(1, within(0.15));
  }

  @Test
  void whatDidNotHappenHasNoPercentiles() {
    timer("takeaway", "200").record(Duration.ofMillis(5));
    recent.now();
    pass(Duration.ofSeconds(1));
    assertThat(recent.now().orElseThrow())
        .containsExactly(new Recent(List.of("takeaway"), 0, 0, null, null));
  }

  @Test
  void looksLongAgoCountForNothing() {
    timer("takeaway", "200").record(Duration.ofMillis(5));
    recent.now();
    pass(Duration.ofMinutes(5));
    assertThat(recent.now()).isEmpty();
  }

  @Test
  void metersThatAreForgottenGiveNoNegativeRate() {
    Timer gone = timer("takeaway", "404");
    timer("takeaway", "200").record(Duration.ofMillis(5));
    gone.record(Duration.ofMillis(5));
    recent.now();
    meters.remove(gone);
    pass(Duration.ofSeconds(1));
    assertThat(recent.now().orElseThrow()).extracting(Recent::perSecond).containsExactly(0.0);
  }
}
