package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestIdTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "z",
        "A",
        "Z",
        "0",
        "9",
        "-",
        "_",
        ".",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "b9c1f2b4-8a7e-4c0d-9f5a-1c2d3e4f5a6b"
      })
  void idsOfOthersAreTaken(String id) {
    assertThat(RequestId.isPlain(id)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\nb", "/", ":", "@", "[", "`", "{", "é", "\u0000"})
  void whatMayNotStandInALogIsNot(String id) {
    assertThat(RequestId.isPlain(id)).isFalse();
  }

  @Test
  void longestIsOf128Characters() {
    assertThat(RequestId.isPlain("x".repeat(128))).isTrue();
    assertThat(RequestId.isPlain("x".repeat(129))).isFalse();
  }

  @Test
  void newOnesArePlainAndDiffer() {
    Set<String> made = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      made.add(RequestId.make());
    }
    assertThat(made).hasSize(1_000).allMatch(RequestId::isPlain);
  }
}
