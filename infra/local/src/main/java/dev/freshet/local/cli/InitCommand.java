package dev.freshet.local.cli;

import dev.freshet.local.system.Shell;
import dev.freshet.local.system.StartFailed;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A configuration folder to start from. */
@Command(
    name = "init",
    description =
        "Makes a configuration folder: a table, a command with its test, a read model, routes.")
final class InitCommand implements Callable<Integer> {

  private static final List<String> FILES =
      List.of(
          "schema/V1__notes.sql",
          "commands/add-note.sql",
          "commands/add-note.test.yaml",
          "models/notes.sql",
          "routes.yaml",
          "routes.test.yaml");

  @Parameters(paramLabel = "DIR", description = "The folder; it must be new, or empty.")
  private Path folder = Path.of(".");

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (Files.isDirectory(folder)) {
      try (Stream<Path> there = Files.list(folder)) {
        if (there.findAny().isPresent()) {
          throw new StartFailed(
              "%s is not empty. Name a folder that is new, or empty.".formatted(folder));
        }
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    try {
      for (String name : FILES) {
        Path file = folder.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        try (InputStream in =
            Objects.requireNonNull(
                InitCommand.class.getResourceAsStream("/dev/freshet/local/init/" + name), name)) {
          Files.copy(in, file);
        }
        out.println(file);
      }
    } catch (IOException e) {
      throw new StartFailed(
          "%s can't be written (%s).".formatted(folder, e.getClass().getSimpleName()), e);
    }
    String shown = Shell.word(folder.toString());
    out.printf(
        """

        Start it, and add a note:

          ./freshet up --config %1$s
          curl -i http://127.0.0.1:8080/notes -d '{"text":"Hello"}'
          curl http://127.0.0.1:8080/notes

        Test its command while it runs:

          ./freshet commands test --commands %1$s/commands
        """,
        shown);
    out.flush();
    return 0;
  }
}
