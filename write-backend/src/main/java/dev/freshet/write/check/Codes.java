package dev.freshet.write.check;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** What a refusal's code stands for. */
public final class Codes {

  private Codes() {}

  /**
   * Finds a code.
   *
   * @param declared codes of the application's own, with their statuses
   */
  public static Optional<Problem.Code> of(String code, Map<String, Integer> declared) {
    Integer status = declared.get(code);
    if (status != null) {
      return Optional.of(new Problem.Declared(code, status));
    }
    return Arrays.stream(ProblemCode.values())
        .filter(ours -> ours.code().equals(code))
        .<Problem.Code>map(ours -> ours)
        .findFirst();
  }
}
