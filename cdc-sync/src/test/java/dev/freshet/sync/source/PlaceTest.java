package dev.freshet.sync.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.freshet.protocol.Position;
import org.junit.jupiter.api.Test;

class PlaceTest {

  @Test
  void isOrderedWithinAnEpochByItsUnsignedValue() {
    assertThat(new Place(1, 2)).isGreaterThan(new Place(1, 1));
    assertThat(new Place(1, -1)).isGreaterThan(new Place(1, Long.MAX_VALUE));
    assertThat(new Place(1, 7).isAtOrPast(new Place(1, 7))).isTrue();
    assertThat(new Place(1, 6).isAtOrPast(new Place(1, 7))).isFalse();
  }

  @Test
  void laterEpochIsBeyondEveryPlaceOfAnEarlierOne() {
    assertThat(new Place(2, 0)).isGreaterThan(new Place(1, -1));
  }

  @Test
  void isPrintedAsThePositionThatTokensHold() {
    Place place = Place.of(Position.parse("3:2/A0"));
    assertThat(place).hasToString("3:2/A0");
    assertThat(place.mark()).isEqualTo("2/A0");
    assertThat(Place.of(3, place.mark())).isEqualTo(place);
    assertThat(place.position()).isEqualTo(Position.parse("3:2/A0"));
  }

  @Test
  void tellsHowMuchLiesBetween() {
    assertThat(new Place(1, 300).since(new Place(1, 100))).isEqualTo(200);
    assertThat(new Place(1, 100).since(new Place(1, 300))).isZero();
    assertThat(new Place(2, 300).since(new Place(1, 100))).isEqualTo(200);
  }

  @Test
  void whatIsNoPlaceIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Place(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> Place.of(1, "somewhere"));
  }
}
