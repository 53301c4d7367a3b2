package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SourceKindTest {

  @ParameterizedTest
  @EnumSource
  void namesOnTheWireAreReadAgain(SourceKind kind) {
    assertThat(SourceKind.parse(kind.wireName())).isEqualTo(kind);
  }

  @Test
  void namesOnTheWireHaveHyphens() {
    assertThat(SourceKind.READ_DATABASE.wireName()).isEqualTo("read-database");
  }

  @Test
  void otherNamesAreRefusedWithThoseThatThereAre() {
    assertThatThrownBy(() -> SourceKind.parse("READ_DATABASE"))
        .hasMessage(
            "'READ_DATABASE' is not a kind of source; the kinds are read-database, search, replica, primary");
  }
}
