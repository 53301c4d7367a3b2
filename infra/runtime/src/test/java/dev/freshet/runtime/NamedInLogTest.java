package dev.freshet.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class NamedInLogTest {

  private static Map<String, String> during(String id) {
    return NamedInLog.during(
        id, () -> Objects.requireNonNullElse(MDC.getCopyOfContextMap(), Map.of()));
  }

  @Test
  void requestIsNamedWhileItIsWorkedOnAndNotAfterwards() {
    assertThat(during("abc-1")).containsExactly(Map.entry("http.request.id", "abc-1"));
    assertThat(MDC.get("http.request.id")).isNull();
    assertThatThrownBy(
            () ->
                NamedInLog.during(
                    "abc-2",
                    () -> {
                      throw new IllegalStateException("work failed");
                    }))
        .hasMessage("work failed");
    assertThat(MDC.get("http.request.id")).isNull();
  }

  @Test
  void whatCanBeNoNameIsNotWrittenIntoLogs() {
    assertThat(during("a b")).isEmpty();
    assertThat(during("")).isEmpty();
    assertThat(during("x".repeat(129))).isEmpty();
  }
}
