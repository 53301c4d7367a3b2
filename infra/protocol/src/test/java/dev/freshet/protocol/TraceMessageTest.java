package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TraceMessageTest {

  private static final String TRACE_PARENT =
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  @Test
  void messageIsPartOfItsTransaction() {
    assertThat(TraceMessage.sql(TRACE_PARENT))
        .isEqualTo("select pg_logical_emit_message(true, 'freshet.trace', '%s')", TRACE_PARENT);
  }

  @Test
  void whatIsNoTraceParentDoesNotBecomeSql() {
    assertThatThrownBy(() -> TraceMessage.sql(TRACE_PARENT.replace("-01", "');")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TraceMessage.sql("")).isInstanceOf(IllegalArgumentException.class);
  }
}
