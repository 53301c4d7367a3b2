package dev.freshet.local.system;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class OpenFilesTest {

  @Test
  void limitThatIsTooLowIsNamedWithWhatRaisesIt() {
    assertThatThrownBy(() -> OpenFiles.require(1_024, 256))
        .isInstanceOf(StartFailed.class)
        .hasMessageContaining("may have 256 files open, and needs 1024")
        .hasMessageContaining("ulimit -n 4096");
    assertThatCode(() -> OpenFiles.require(1_024, 1_024)).doesNotThrowAnyException();
    assertThatCode(() -> OpenFiles.require(1_024, -1)).as("unknown").doesNotThrowAnyException();
  }
}
