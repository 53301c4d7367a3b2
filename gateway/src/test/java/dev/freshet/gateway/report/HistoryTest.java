package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.report.History.Chart;
import dev.freshet.gateway.report.History.Series;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryTest {

  private static final Series REPLICA = new Series("instance", "replica-1");
  private static final Series READ = new Series("instance", "read-1");
  private static final long START = 1_800_000_000L;

  private final History history = new History();

  private void add(long second, Map<Series, Double> figures) {
    history.add(Instant.ofEpochSecond(START + second), figures);
  }

  @Test
  void whatWasUnknownIsAGap() {
    add(0, Map.of(REPLICA, 0.5, READ, 0.25));
    add(1, Map.of(READ, 0.5));
    add(2, Map.of(REPLICA, 1.5, READ, 0.75));
    Chart told = history.last(Duration.ofSeconds(3));
    assertThat(told.endEpochSeconds()).isEqualTo(START + 2);
    assertThat(told.series())
        .filteredOn(values -> values.name().equals("replica-1"))
        .singleElement()
        .satisfies(values -> assertThat(values.values()).containsExactly(0.5f, null, 1.5f));
  }

  @Test
  void secondsWithoutALookAreAGapButOneThatJitterSkippedIsNot() {
    add(0, Map.of(REPLICA, 0.5));
    add(2, Map.of(REPLICA, 1.0));
    add(6, Map.of(REPLICA, 2.0));
    assertThat(history.last(Duration.ofSeconds(7)).series().getFirst().values())
        .containsExactly(0.5f, 0.5f, 1.0f, null, null, null, 2.0f);
  }

  @Test
  void longerSpanHoldsTheHighestOfEachStep() {
    for (int second = 0; second < 1_800; second++) {
      add(second, Map.of(REPLICA, second == 100 ? 9.0 : 0.1));
    }
    Chart told = history.last(Duration.ofHours(1));
    assertThat(told.stepSeconds()).isEqualTo(15);
    assertThat(told.series().getFirst().values()).contains(9.0f).contains(0.1f).hasSize(240);
    assertThat(history.last(Duration.ofMinutes(15)).series().getFirst().values())
        .hasSize(900)
        .doesNotContain(9.0f);
  }

  @Test
  void clockThatIsSetBackBeginsAnew() {
    add(1_000, Map.of(REPLICA, 5.0));
    add(10, Map.of(REPLICA, 1.0));
    assertThat(history.last(Duration.ofSeconds(2)).series().getFirst().values())
        .containsExactly(null, 1.0f);
  }

  @Test
  void figuresAreBounded() {
    for (int i = 0; i < 3 * History.MOST_SERIES; i++) {
      add(0, Map.of(new Series("model", "m" + i), 1.0));
    }
    assertThat(history.last(Duration.ofSeconds(1)).series()).hasSize(History.MOST_SERIES);
    // What has been unknown throughout makes room.
    add(2_000, Map.of(REPLICA, 1.0));
    assertThat(history.last(Duration.ofSeconds(1)).series())
        .extracting(History.Values::name)
        .containsExactly("replica-1");
  }
}
