package dev.freshet.gateway.report;

import java.util.Comparator;
import java.util.List;

/**
 * The verdict of the whole.
 *
 * @param ok whether clients see fresh data
 * @param text the worst of it, in a sentence
 * @param problems all of it, the worst first
 */
record Verdict(boolean ok, String text, List<Problem> problems) {

  /**
   * Something that is wrong.
   *
   * @param code which trouble it is; stable
   * @param text what is wrong, in a sentence
   * @param remedy what to do, in a sentence
   * @param runbook where there is more on it, as a path on the operators' port
   */
  record Problem(String code, String text, String remedy, String runbook) {}

  /** Something that is wrong, as it is found. */
  record Finding(Trouble trouble, String text) {

    private Problem told() {
      return new Problem(
          trouble.code(),
          text.replaceFirst("[.: ]+$", "") + ".",
          trouble.remedy(),
          "/runbook#" + trouble.code());
    }
  }

  /**
   * Judges.
   *
   * @param well what is to be said when nothing was found
   */
  static Verdict of(List<Finding> findings, String well) {
    List<Problem> problems =
        findings.stream()
            .sorted(Comparator.comparing(Finding::trouble)) // stable: else as they were found
            .map(Finding::told)
            .toList();
    if (problems.isEmpty()) {
      return new Verdict(true, well, problems);
    }
    String more = problems.size() == 1 ? "" : " And %d more.".formatted(problems.size() - 1);
    return new Verdict(false, problems.getFirst().text() + more, problems);
  }
}
