package dev.freshet.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.report.Verdict.Finding;
import dev.freshet.gateway.report.Verdict.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.core.io.ClassPathResource;

class VerdictTest {

  @Test
  void nothingFoundIsWell() {
    assertThat(Verdict.of(List.of(), "All copies are fresh."))
        .isEqualTo(new Verdict(true, "All copies are fresh.", List.of()));
  }

  @Test
  void worstComesFirstWhateverWasFoundFirst() {
    Verdict verdict =
        Verdict.of(
            List.of(
                new Finding(Trouble.COPY_BEHIND, "replica-1 is 3.0 s behind"),
                new Finding(Trouble.ROUTES_REFUSED, "The file can't be used: "),
                new Finding(
                    Trouble.POOL_WITHOUT_INSTANCE, "No instance of pool readers can be used")),
            "");
    assertThat(verdict.ok()).isFalse();
    assertThat(verdict.text()).isEqualTo("No instance of pool readers can be used. And 2 more.");
    assertThat(verdict.problems())
        .extracting(Problem::code)
        .containsExactly("pool-without-instance", "copy-behind", "routes-refused");
    assertThat(verdict.problems().getLast().text()).isEqualTo("The file can't be used.");
    assertThat(verdict.problems().getFirst().runbook()).isEqualTo("/runbook#pool-without-instance");
  }

  @ParameterizedTest
  @EnumSource(Trouble.class)
  void runbookHasAChapterOfEach(Trouble trouble) throws IOException {
    assertThat(new ClassPathResource("runbook.md").getContentAsString(StandardCharsets.UTF_8))
        .contains("\n## " + trouble.code() + "\n");
    assertThat(trouble.remedy()).endsWith(".");
  }
}
