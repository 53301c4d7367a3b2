package dev.freshet.gateway.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CheckPaceTest {

  private static final Duration NOW = Duration.ZERO;
  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void aReadyInstanceIsCheckedOftenWhileRequestsCome() {
    assertThat(CheckPace.pause(true, LONG, NOW)).isEqualTo(CheckPace.IN_USE);
    assertThat(CheckPace.pause(true, LONG, CheckPace.LULL)).isEqualTo(CheckPace.IN_USE);
  }

  @Test
  void aReadyInstanceIsCheckedSeldomWhileNoneCome() {
    assertThat(CheckPace.pause(true, LONG, CheckPace.LULL.plusNanos(1)))
        .isEqualTo(CheckPace.UNUSED);
  }

  @Test
  void anInstanceThatMayBeStartingIsAwaitedWhetherOrNotRequestsCome() {
    assertThat(CheckPace.pause(false, NOW, NOW)).isEqualTo(CheckPace.AWAITED);
    assertThat(CheckPace.pause(false, CheckPace.PATIENCE.minusNanos(1), LONG))
        .isEqualTo(CheckPace.AWAITED);
  }

  @Test
  void anInstanceThatStaysAwayIsNotAskedTenTimesASecond() {
    assertThat(CheckPace.pause(false, CheckPace.PATIENCE, LONG)).isEqualTo(CheckPace.IN_USE);
  }
}
