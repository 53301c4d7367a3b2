package dev.freshet.file;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** A file can't be used. The message says everything that is wrong, a line each. */
public final class FileInvalid extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** More of them help nobody. */
  private static final int MOST_TOLD = 50;

  private final transient List<FileProblem> problems;

  /** All that was found in a file that its caller names. */
  public FileInvalid(List<FileProblem> problems) {
    this("", inOrder(problems));
  }

  private FileInvalid(String before, List<FileProblem> problems) {
    super(
        problems.stream()
            .map(problem -> before + problem)
            .collect(Collectors.joining(System.lineSeparator())));
    this.problems = List.copyOf(problems);
  }

  private static List<FileProblem> inOrder(List<FileProblem> problems) {
    return problems.stream()
        .sorted(Comparator.comparingInt(FileProblem::line).thenComparingInt(FileProblem::column))
        .distinct()
        .limit(MOST_TOLD)
        .toList();
  }

  /** One thing is wrong. */
  public static FileInvalid at(Yaml.Mark at, String message) {
    return new FileInvalid(List.of(at.problem(message)));
  }

  /** The same, with the file's name in the message. */
  public FileInvalid in(String file) {
    return new FileInvalid(file + ", ", problems);
  }

  /** What is wrong, in the file's order. */
  public List<FileProblem> problems() {
    return problems;
  }
}
