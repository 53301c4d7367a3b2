package dev.freshet.write;

import dev.freshet.write.declaration.Declaration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.pattern.PathPattern;

/**
 * The commands that are in force together.
 *
 * @param commands the more specific paths first
 */
record CommandSet(List<LiveCommand> commands) {

  CommandSet {
    commands =
        commands.stream()
            .sorted(
                Comparator.comparing(
                    (LiveCommand command) -> command.declaration().path(),
                    PathPattern.SPECIFICITY_COMPARATOR))
            .toList();
  }

  /**
   * A command that a request is for.
   *
   * @param path its path's variables, decoded
   */
  record Match(LiveCommand command, Map<String, String> path) {}

  Optional<Match> match(HttpMethod method, PathContainer path) {
    for (LiveCommand command : commands) {
      Declaration declaration = command.declaration();
      if (declaration.method().equals(method)) {
        PathPattern.PathMatchInfo found = declaration.path().matchAndExtract(path);
        if (found != null) {
          return Optional.of(new Match(command, found.getUriVariables()));
        }
      }
    }
    return Optional.empty();
  }

  /** The methods of commands with this path. */
  Set<String> methods(PathContainer path) {
    return commands.stream()
        .map(LiveCommand::declaration)
        .filter(declaration -> declaration.path().matches(path))
        .map(declaration -> declaration.method().name())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
