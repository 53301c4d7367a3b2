package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MovementTest {

  private final AtomicLong nanos = new AtomicLong();
  private final Movement movement = new Movement(nanos::get);

  private void after(int seconds, long value) {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
    movement.seen("changes", value);
  }

  @Test
  void rateIsOfTheLastTenSeconds() {
    after(0, 0);
    assertThat(movement.perSecond("changes")).isNull();
    after(1, 1_000);
    assertThat(movement.perSecond("changes")).isCloseTo(1_000, within(0.1));
    for (int second = 0; second < 11; second++) {
      after(1, 1_100 + 10L * second);
    }
    assertThat(movement.perSecond("changes")).isCloseTo(10, within(0.1));
  }

  @Test
  void countThatBeginsAnewHasNoRate() {
    after(0, 5_000);
    after(1, 10);
    assertThat(movement.perSecond("changes")).isNull();
  }

  @Test
  void whatHasNotMovedForTwoSecondsIsStill() {
    after(0, 7);
    after(1, 8);
    after(1, 8);
    assertThat(movement.isStill("changes")).isFalse();
    after(1, 8);
    assertThat(movement.isStill("changes")).isTrue();
    after(1, 9);
    assertThat(movement.isStill("changes")).isFalse();
    assertThat(movement.isStill("nobody")).isFalse();
  }

  @Test
  void othersAreForgotten() {
    after(0, 7);
    after(1, 8);
    movement.retain(Set.of());
    assertThat(movement.perSecond("changes")).isNull();
  }
}
