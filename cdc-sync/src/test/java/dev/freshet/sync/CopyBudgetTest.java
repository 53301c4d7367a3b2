package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class CopyBudgetTest {

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private final CopyBudget budget =
      new CopyBudget(
          new Clock() {
            @Override
            public Instant instant() {
              return now;
            }

            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }
          });

  @Test
  void fourthCopyWithinAnHourWaitsUntilTheFirstIsAnHourOld() {
    for (int i = 0; i < 3; i++) {
      budget.spend("The slot is lost.");
      now = now.plus(Duration.ofMinutes(10));
    }
    assertThatThrownBy(() -> budget.spend("The slot is lost."))
        .hasMessageContaining("The slot is lost. Everything was copied again 3 times")
        .hasMessageContaining("the next time is at 2026-01-01T01:00:00Z");
    now = Instant.parse("2026-01-01T01:00:01Z");
    budget.spend("The slot is lost.");
  }
}
