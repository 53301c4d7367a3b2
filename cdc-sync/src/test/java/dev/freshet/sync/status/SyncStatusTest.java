package dev.freshet.sync.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.status.Observation.Became;
import dev.freshet.sync.status.Observation.SlotSeen;
import dev.freshet.sync.status.Observation.State;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class SyncStatusTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final SyncStatus status = new SyncStatus(Clock.fixed(NOW, ZoneOffset.UTC));

  private void slot(long retained, int afterSeconds) {
    status.accept(
        new SlotSeen(
            new Claim(retained, 1_000_000 - retained, false),
            new Place(1, retained),
            NOW.plusSeconds(afterSeconds)));
  }

  @Test
  void slotIsKnownWhilePausedAndItsTimeGetsShorter() {
    status.accept(new Became(State.PAUSED, "by an operator"));
    slot(100_000, 0);
    assertThat(status.snapshot().claim()).extracting(Claim::retainedBytes).isEqualTo(100_000L);
    for (int second = 1; second <= 20; second++) {
      slot(100_000 + 10_000L * second, second);
    }
    assertThat(status.snapshot().slotSafeSeconds()).isBetween(60.0, 90.0);
  }

  @Test
  void slotThatNobodyLooksAtIsUnknown() {
    status.accept(new Became(State.PAUSED, "by an operator"));
    slot(100_000, 0);
    status.accept(new Became(State.RETRYING, "the source is away"));
    assertThat(status.snapshot().claim()).isNull();
    assertThat(status.snapshot().slotSafeSeconds()).isNull();
  }

  @Test
  void oneThatStandsByTellsNoLagAndNoLetters() {
    status.accept(new Observation.Resumed(new Place(1, 256)));
    status.accept(new Became(State.STREAMING, ""));
    assertThat(status.snapshot().lagSeconds()).isNotNull();
    assertThat(status.snapshot().letters()).as("before the first batch").isNull();
    status.accept(new Became(State.STANDBY, "another one leads"));
    assertThat(status.snapshot().lagSeconds()).isNull();
  }
}
