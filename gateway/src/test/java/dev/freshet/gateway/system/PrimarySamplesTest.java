package dev.freshet.gateway.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.Position;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PrimarySamplesTest {

  private static final Position EARLIER = Position.parse("1:0/100");
  private static final Position LATER = Position.parse("1:0/200");

  private long now;
  private final PrimarySamples samples = new PrimarySamples(() -> now);

  private void add(Position position, Duration at) {
    samples.add(position, at.toNanos());
    now = at.toNanos();
  }

  @Test
  void nothingIsKnownOfMomentsThatNobodyHasSeen() {
    assertThat(samples.within(Duration.ofHours(1))).isEmpty();
  }

  @Test
  void sampleIsOfNoUseOnceItIsOlderThanAskedFor() {
    add(EARLIER, Duration.ofSeconds(10));
    now = Duration.ofSeconds(12).toNanos();
    assertThat(samples.within(Duration.ofSeconds(2))).contains(EARLIER);
    now++;
    assertThat(samples.within(Duration.ofSeconds(2))).isEmpty();
    assertThat(samples.within(Duration.ofSeconds(3))).contains(EARLIER);
  }

  @Test
  void earliestThatIsYoungEnoughIsTaken() {
    add(EARLIER, Duration.ofSeconds(10));
    add(LATER, Duration.ofSeconds(13));
    assertThat(samples.within(Duration.ofSeconds(3))).contains(EARLIER);
    assertThat(samples.within(Duration.ofMillis(2_999))).contains(LATER);
  }

  @Test
  void samplesStandApart() {
    add(EARLIER, Duration.ofSeconds(10));
    add(LATER, Duration.ofSeconds(10).plusMillis(49));
    now = Duration.ofSeconds(12).plusMillis(10).toNanos();
    assertThat(samples.within(Duration.ofSeconds(2))).isEmpty();
    samples.add(LATER, Duration.ofSeconds(10).plusMillis(50).toNanos());
    assertThat(samples.within(Duration.ofSeconds(2))).contains(LATER);
  }

  @Test
  void samplesAreKeptForAMinute() {
    add(EARLIER, Duration.ofSeconds(10));
    add(LATER, Duration.ofSeconds(70));
    assertThat(samples.within(Duration.ofMinutes(2))).contains(EARLIER);
    add(LATER, Duration.ofSeconds(70).plusMillis(50));
    assertThat(samples.within(Duration.ofMinutes(2))).contains(LATER);
  }

  @Test
  void thoseOfAnotherTimelineGo() {
    add(EARLIER, Duration.ofSeconds(10));
    add(Position.parse("2:0/150"), Duration.ofSeconds(11));
    assertThat(samples.within(Duration.ofMinutes(1))).contains(Position.parse("2:0/150"));
  }
}
