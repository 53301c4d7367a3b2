package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionTest {

  @Test
  void textFormSurvivesParsingAndPrinting() {
    assertThat(Position.parse("2:0/3026C08"))
        .isEqualTo(new Position(2, Lsn.parse("0/3026C08")))
        .hasToString("2:0/3026C08");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0/1", ":0/1", "0:0/1", "-1:0/1", "1:", "x:0/1", "99999999999:0/1"})
  void textThatIsNoPositionIsRefused(String text) {
    assertThatThrownBy(() -> Position.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected timeline and LSN");
  }

  @Test
  void positionsOfDifferentTimelinesAreNeverAtOrPastEachOther() {
    Position before = Position.parse("1:0/10");
    Position after = Position.parse("2:0/20");
    assertThat(after.isAtOrPast(before)).isFalse();
    assertThat(before.isAtOrPast(after)).isFalse();
    assertThat(before.isAtOrPast(before)).isTrue();
  }

  @Test
  void historyCarriesOverWhatThePromotionKeptAndNothingElse() {
    TimelineHistory history = TimelineHistory.parse(3, "1:0/500,2:0/900");
    assertThat(history.carriedOver(Position.parse("3:0/1000")))
        .contains(Position.parse("3:0/1000"));
    assertThat(history.carriedOver(Position.parse("1:0/500"))).contains(Position.parse("3:0/500"));
    assertThat(history.carriedOver(Position.parse("1:0/501"))).isEmpty();
    assertThat(history.carriedOver(Position.parse("2:0/900"))).contains(Position.parse("3:0/900"));
    assertThat(history.carriedOver(Position.parse("2:0/901"))).isEmpty();
    assertThat(history.carriedOver(Position.parse("4:0/1"))).isEmpty();
    assertThat(history).hasToString("1:0/500,2:0/900");
  }

  @Test
  void laterOneHasTheHigherTimelineOrOnTheSameTheHigherLsn() {
    Position first = Position.parse("1:0/10");
    Position further = Position.parse("1:0/20");
    Position promoted = Position.parse("2:0/5");
    assertThat(first.max(further)).isSameAs(further);
    assertThat(further.max(first)).isSameAs(further);
    assertThat(further.max(promoted)).isSameAs(promoted);
    assertThat(promoted.max(further)).isSameAs(promoted);
    assertThat(further.isAtOrPast(first)).isTrue();
    assertThat(first.isAtOrPast(further)).isFalse();
    Position equal = Position.parse("1:0/10");
    assertThat(first.max(equal)).isSameAs(first);
  }
}
