package dev.freshet.file;

import dev.freshet.file.Yaml.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What is found to be wrong with a file while it is read. */
public final class Findings {

  private final List<FileProblem> problems = new ArrayList<>();

  /** How much was found so far. */
  public int count() {
    return problems.size();
  }

  /** Notes it. */
  public void add(Mark at, String message) {
    problems.add(at.problem(message));
  }

  /** A value that may be wrong; where it is, that is noted, and there is none. */
  public <T> Optional<T> valid(Yaml.Scalar scalar, Function<String, T> parse) {
    try {
      return Optional.of(parse.apply(Section.text(scalar)));
    } catch (IllegalArgumentException e) {
      add(scalar.at(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /**
   * Ends the reading of a file that has something wrong.
   *
   * @throws FileInvalid with all that was found
   */
  public void refuse() {
    if (!problems.isEmpty()) {
      throw new FileInvalid(problems);
    }
  }
}
