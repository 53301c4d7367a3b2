package dev.freshet.sync.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFilesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "keys: id|line 2|'keys'|Did you mean 'key'?",
        "key: id~index: [a]|line 3|'index'|Did you mean 'indexes'?",
        "key: id~Version: version|line 3|'Version'|Did you mean 'version'?",
        "key: id~colour: red|line 3|'colour'|It knows key, version, scope, affects, indexes.",
        "key: [id|line|can't be read|It knows key",
      })
  void headerThatCantBeReadIsToldWithItsLineAndWhatWasMeant(
      String header, String line, String what, String meant) {
    String text =
        "/*\\n%s\\n*/\\nselect 1 as id".formatted(header.replace("~", "\\n")).translateEscapes();
    assertThatExceptionOfType(SyncRefused.class)
        .isThrownBy(() -> new ModelFiles.Declared("orders", text).model())
        .satisfies(
            refused ->
                assertThat(refused.getMessage())
                    .startsWith("orders.sql, ")
                    .contains(line, what, meant)
                    .doesNotContain("Header", "jackson", "ModelFiles"));
  }

  @Test
  void headerIsReadWithWhateverIsBeforeIt() {
    assertThat(new ModelFiles.Declared("orders", "\n\n/* key: id */ select 1 as id").model().key())
        .containsExactly("id");
  }
}
