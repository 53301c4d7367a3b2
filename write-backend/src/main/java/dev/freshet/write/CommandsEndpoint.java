package dev.freshet.write;

import dev.freshet.file.FileProblem;
import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.openapi.CommandsDocument;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /.freshet/commands/declared}: the commands' files, and what is wrong with any. */
final class CommandsEndpoint {

  private static final String DOCUMENT = "/openapi.json";

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

  /** That, and {@code GET /openapi.json}: those that can be given, as OpenAPI 3.1 has them. */
  static RouterFunction<ServerResponse> route(Commands commands) {
    return RouterFunctions.route()
        .GET(DOCUMENT, request -> ServerResponse.ok().bodyValue(document(commands)))
        .GET(
            FreshetHeaders.DECLARED_COMMANDS_PATH,
            request -> ServerResponse.ok().bodyValue(declared(commands)))
        .build();
  }

  private static ObjectNode document(Commands commands) {
    return CommandsDocument.of(
        commands.inForce().commands().stream()
            .map(LiveCommand::checked)
            .filter(Objects::nonNull)
            .toList());
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
