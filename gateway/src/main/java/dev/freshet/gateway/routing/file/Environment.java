package dev.freshet.gateway.routing.file;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.file.Yaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts the values of variables in the place of {@code ${NAME}}. Nothing else is ever evaluated: the
 * beginning of an expression of Spring is refused.
 */
final class Environment {

  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private final Surroundings.Variables variables;
  private final List<FileProblem> problems = new ArrayList<>();

  private Environment(Surroundings.Variables variables) {
    this.variables = variables;
  }

  /**
   * Expands every text.
   *
   * @throws FileInvalid when a variable is not set
   */
  static Yaml expand(Yaml file, Surroundings.Variables variables) {
    Environment environment = new Environment(variables);
    Yaml expanded = environment.expand(file);
    if (!environment.problems.isEmpty()) {
      throw new FileInvalid(environment.problems);
    }
    return expanded;
  }

  private Yaml expand(Yaml yaml) {
    return switch (yaml) {
      case Yaml.Mapping(Yaml.Mark at, Map<String, Yaml.Entry> entries) -> {
        Map<String, Yaml.Entry> expanded = new LinkedHashMap<>();
        entries.forEach(
            (key, entry) ->
                expanded.put(key, new Yaml.Entry(entry.keyAt(), expand(entry.value()))));
        yield new Yaml.Mapping(at, expanded);
      }
      case Yaml.Sequence(Yaml.Mark at, List<Yaml> members) ->
          new Yaml.Sequence(at, members.stream().map(this::expand).toList());
      case Yaml.Scalar scalar ->
          scalar.value() instanceof String text
              ? new Yaml.Scalar(scalar.at(), scalar.written(), expand(text, scalar.at()))
              : scalar;
    };
  }

  private String expand(String text, Yaml.Mark at) {
    if (text.contains("#{")) {
      problems.add(at.problem("'#{' is not evaluated, and so refused"));
      return text;
    }
    return VARIABLE
        .matcher(text)
        .replaceAll(variable -> Matcher.quoteReplacement(value(variable, at)));
  }

  private String value(MatchResult variable, Yaml.Mark at) {
    String name = variable.group(1);
    String value = NAME.matcher(name).matches() ? variables.get(name) : null;
    if (value == null) {
      problems.add(
          at.problem(
              NAME.matcher(name).matches()
                  ? "the environment variable %s is not set (a filter's own ${%1$s} is written $\\{%1$s})"
                      .formatted(name)
                  : "'%s' is no variable; write ${NAME}".formatted(variable.group())));
      return "";
    }
    return value;
  }
}
