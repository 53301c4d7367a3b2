package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.routing.file.Yaml.Mark;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.springframework.boot.convert.DurationStyle;

/** What is found to be wrong with a file while it is read. */
final class Findings {

  private final List<RoutesProblem> problems = new ArrayList<>();

  void add(Mark at, String message) {
    problems.add(at.problem(message));
  }

  /** A value that may be wrong; where it is, that is noted, and there is none. */
  <T> Optional<T> valid(Yaml.Scalar scalar, Function<String, T> parse) {
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
   * @throws RoutesInvalid with all that was found
   */
  void refuse() {
    if (!problems.isEmpty()) {
      throw new RoutesInvalid(problems);
    }
  }

  /**
   * The base URL of a server.
   *
   * @throws IllegalArgumentException when it can't be connected to
   */
  static URI url(String text) {
    try {
      URI url = URI.create(text.replaceFirst("/$", ""));
      if (url.getHost() != null && url.getPort() <= 65_535) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("this is no URL; write http://HOST:PORT", e);
    }
    throw new IllegalArgumentException("this is no URL of a host; write http://HOST:PORT");
  }

  /**
   * A duration such as {@code 100ms}.
   *
   * @throws IllegalArgumentException when it is none
   */
  static Duration duration(String text) {
    try {
      return DurationStyle.detectAndParse(text);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException("this is no duration; write one such as 100ms or 2s", e);
    }
  }
}
