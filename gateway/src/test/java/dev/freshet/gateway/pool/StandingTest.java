package dev.freshet.gateway.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.pool.Standing.Phase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class StandingTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);
  private final Standing standing = new Standing(now::get);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private Duration failUntilEjected() {
    Duration ejected = Duration.ZERO;
    for (int i = 0; i < Standing.FAILURES_IN_A_ROW; i++) {
      assertThat(ejected).isZero();
      ejected = standing.failed("reset");
    }
    return ejected;
  }

  @Test
  void oneFailureMakesItSuspectAndOneSuccessSoundAgain() {
    assertThat(standing.phase()).isEqualTo(Phase.SOUND);
    assertThat(standing.failed("reset")).isZero();
    assertThat(standing.phase()).isEqualTo(Phase.SUSPECT);
    assertThat(standing.reason()).isEqualTo("reset");
    standing.succeeded();
    assertThat(standing.phase()).isEqualTo(Phase.SOUND);
    assertThat(standing.reason()).isEmpty();
  }

  @Test
  void suspectIsTriedAgainAfterATimeThatGrows() {
    for (int failures = 1; failures < Standing.FAILURES_IN_A_ROW; failures++) {
      standing.failed("reset");
      pass(Standing.SUSPECT_FOR.multipliedBy(failures).minusMillis(1));
      assertThat(standing.phase()).isEqualTo(Phase.SUSPECT);
      pass(Duration.ofMillis(1));
      assertThat(standing.phase()).isEqualTo(Phase.SOUND);
    }
    assertThat(standing.failed("reset")).isEqualTo(Standing.FIRST_EJECTION);
  }

  @Test
  void failuresInARowEjectItAndThenItReturnsLittleByLittle() {
    assertThat(failUntilEjected()).isEqualTo(Standing.FIRST_EJECTION);
    assertThat(standing.phase()).isEqualTo(Phase.EJECTED);
    assertThat(standing.reason())
        .isEqualTo("5 requests in a row failed, and is ejected for 5 s: reset");
    standing.succeeded(); // one that was under way
    assertThat(standing.phase()).isEqualTo(Phase.EJECTED);
    pass(Standing.FIRST_EJECTION);
    assertThat(standing.phase()).isEqualTo(Phase.SLOW_START);
    assertThat(standing.share()).isEqualTo(0.1);
    pass(Standing.SLOW_START.dividedBy(2));
    assertThat(standing.share()).isCloseTo(0.5, Offset.offset(0.01));
    pass(Standing.SLOW_START.dividedBy(2));
    assertThat(standing.phase()).isEqualTo(Phase.SOUND);
    assertThat(standing.share()).isEqualTo(1);
  }

  @Test
  void failuresThatSuccessesLieBetweenDoNotEjectIt() {
    for (int i = 0; i < 100; i++) {
      for (int j = 1; j < Standing.FAILURES_IN_A_ROW; j++) {
        assertThat(standing.failed("reset")).isZero();
      }
      standing.succeeded();
    }
  }

  @Test
  void oneThatFailsAgainIsEjectedAtOnceAndForLonger() {
    failUntilEjected();
    pass(Standing.FIRST_EJECTION);
    assertThat(standing.failed("reset")).isEqualTo(Standing.FIRST_EJECTION.multipliedBy(2));
    for (int i = 0; i < 20; i++) {
      pass(Standing.LONGEST_EJECTION);
      standing.failed("reset");
    }
    pass(Standing.SLOW_START.plus(Standing.LONGEST_EJECTION));
    assertThat(failUntilEjected()).isLessThanOrEqualTo(Standing.LONGEST_EJECTION);
  }

  @Test
  void ejectionsAreForgiven() {
    failUntilEjected();
    pass(Standing.FIRST_EJECTION);
    standing.failed("reset");
    pass(Standing.FIRST_EJECTION.multipliedBy(2).plus(Standing.FORGIVEN_AFTER.multipliedBy(2)));
    assertThat(failUntilEjected()).isEqualTo(Standing.FIRST_EJECTION);
  }

  @Test
  void oneThatWasDownStartsSlowlyButIsNotOnTrial() {
    standing.failed("refused");
    standing.returned();
    assertThat(standing.phase()).isEqualTo(Phase.SLOW_START);
    assertThat(standing.failed("reset")).isZero();
    assertThat(standing.phase()).isEqualTo(Phase.SUSPECT);
  }
}
