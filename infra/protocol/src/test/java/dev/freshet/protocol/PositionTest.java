package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
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
  void tokensSortAsStringsInTheOrderOfTheirPositions() {
    String early = new SessionToken(Position.parse("1:0/FFFFFFFF")).toString();
    String later = new SessionToken(Position.parse("1:1/0")).toString();
    String promoted = new SessionToken(Position.parse("2:0/1")).toString();
    assertThat(early).isLessThan(later);
    assertThat(later).isLessThan(promoted);
  }

  @Test
  void latestOfSeveralTokensCounts() {
    SessionToken early = new SessionToken(Position.parse("1:0/10"));
    SessionToken late = new SessionToken(Position.parse("1:0/20"));
    assertThat(SessionToken.read(late + ", " + early)).contains(late);
    assertThat(SessionToken.read(" ")).isEqualTo(Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "0000000100000000000000.v0",
        "000000000000000000000010.v0",
        "000000010000000000000010.v9"
      })
  void textThatIsNoTokenIsRefused(String text) {
    assertThatThrownBy(() -> SessionToken.read(text)).hasMessage("Not a session token");
  }
}
