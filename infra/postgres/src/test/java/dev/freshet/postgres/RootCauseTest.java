package dev.freshet.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;

class RootCauseTest {

  @Test
  void innermostMessageIsTold() {
    assertThat(
            RootCause.message(
                new IllegalStateException("no connection", new IOException("broken pipe"))))
        .isEqualTo("broken pipe");
  }

  @Test
  void causeWithoutAMessageHidesNone() {
    assertThat(
            RootCause.message(
                new IllegalStateException(
                    new IOException("the store can't be reached", new ConnectException()))))
        .isEqualTo("the store can't be reached");
    assertThat(RootCause.message(new IllegalStateException())).isEqualTo("null");
  }
}
