package dev.freshet.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProblemTest {

  @Test
  void membersAreThoseOfProblemDetailsInOrder() {
    assertThat(Problem.of(ProblemCode.NOT_CAUGHT_UP, "Retry.").members().entrySet().stream())
        .extracting(member -> member.getKey() + "=" + member.getValue())
        .containsExactly(
            "type=urn:freshet:not-caught-up",
            "title=Not caught up",
            "status=503",
            "detail=Retry.",
            "code=not-caught-up");
  }

  @Test
  void violationsAreErrors() {
    Problem.Violation violation = new Problem.Violation("/id", "is no number");
    assertThat(new Problem(ProblemCode.INVALID, "No.", List.of(violation)).members())
        .containsEntry("errors", List.of(violation));
  }
}
