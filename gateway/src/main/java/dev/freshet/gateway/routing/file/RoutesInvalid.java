package dev.freshet.gateway.routing.file;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** A routes file can't be used. The message says everything that is wrong, a line each. */
public final class RoutesInvalid extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** More of them help nobody. */
  private static final int MOST_TOLD = 50;

  private final transient List<RoutesProblem> problems;

  RoutesInvalid(List<RoutesProblem> problems) {
    super(
        inOrder(problems).stream()
            .map(problem -> "routes.yaml, " + problem)
            .collect(Collectors.joining(System.lineSeparator())));
    this.problems = inOrder(problems);
  }

  private static List<RoutesProblem> inOrder(List<RoutesProblem> problems) {
    return problems.stream()
        .sorted(
            Comparator.comparingInt(RoutesProblem::line).thenComparingInt(RoutesProblem::column))
        .distinct()
        .limit(MOST_TOLD)
        .toList();
  }

  static RoutesInvalid at(Yaml.Mark at, String message) {
    return new RoutesInvalid(List.of(at.problem(message)));
  }

  /** What is wrong, in the file's order. */
  public List<RoutesProblem> problems() {
    return problems;
  }
}
