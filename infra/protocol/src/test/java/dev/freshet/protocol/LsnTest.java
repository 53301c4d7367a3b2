package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {

  private static final long SEGMENT_BYTES = 16 << 20;

  @ParameterizedTest
  @ValueSource(strings = {"0/0", "0/3026C08", "16/B374D848", "FFFFFFFF/FFFFFFFF"})
  void textFormSurvivesParsingAndPrinting(String text) {
    assertThat(Lsn.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0/", "/0", "0/123456789", "0/XYZ", "-1/0", "0/0 "})
  void textThatIsNoLsnIsRefusedByName(String text) {
    assertThatThrownBy(() -> Lsn.parse(text)).hasMessageContaining("'" + text + "'");
  }

  @Test
  void orderIsUnsigned() {
    assertThat(Lsn.parse("80000000/0")).isGreaterThan(Lsn.parse("7FFFFFFF/FFFFFFFF"));
  }

  @ParameterizedTest
  @CsvSource({
    "0/3002018, 0/3002000", // just past the header of an ordinary page
    "0/3000028, 0/3000000", // just past the header of a segment's first page
    "0/3002028, 0/3002028", // 40 bytes into an ordinary page: a record's end like any other
    "0/3026C08, 0/3026C08",
  })
  void positionPastAPageHeaderStepsBackToWhereReplayStops(String written, String replayed) {
    assertThat(Lsn.parse(written).beforePageHeader(SEGMENT_BYTES)).hasToString(replayed);
  }

  @Test
  void bytesSinceALaterPositionAreNone() {
    assertThat(Lsn.parse("0/10").bytesSince(Lsn.parse("0/30"))).isZero();
    assertThat(Lsn.parse("1/0").bytesSince(Lsn.parse("0/FFFFFFF0"))).isEqualTo(16);
  }
}
