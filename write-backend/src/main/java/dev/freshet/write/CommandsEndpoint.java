package dev.freshet.write;

import dev.freshet.file.FileProblem;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.write.check.CheckedCommand;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** {@code GET /.freshet/commands/declared}: the commands' files, and what is wrong with any. */
final class CommandsEndpoint {

  private static final String PATH = FreshetHeaders.COMMANDS_PATH + "/declared";

  private CommandsEndpoint() {}

  /**
   * A file.
   *
   * @param request method and path; null when the file can't be read
   * @param state {@code ready}, {@code not-ready}: the primary can't answer it, or {@code refused}:
   *     the file is not in force
   * @param problems why it is not ready, or refused
   */
  record Declared(
      String name,
      @Nullable String request,
      String state,
      List<FileProblem> problems,
      List<FileProblem> warnings) {}

  static RouterFunction<ServerResponse> route(Commands commands) {
    return RouterFunctions.route()
        .GET(PATH, request -> ServerResponse.ok().bodyValue(declared(commands)))
        .build();
  }

  private static List<Declared> declared(Commands commands) {
    List<Declared> files = new ArrayList<>();
    for (LiveCommand command : commands.inForce().commands()) {
      CheckedCommand checked = command.checked();
      files.add(
          new Declared(
              command.declaration().name(),
              command.declaration().request(),
              checked == null ? "not-ready" : "ready",
              command.problems(),
              checked == null ? List.of() : checked.warnings()));
    }
    commands
        .refused()
        .forEach(
            (name, problems) ->
                files.add(new Declared(name, null, "refused", problems, List.of())));
    return files;
  }
}
