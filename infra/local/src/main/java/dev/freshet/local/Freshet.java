package dev.freshet.local;

import dev.freshet.local.cli.Commands;
import java.nio.file.Path;
import java.util.Objects;
import picocli.CommandLine;

/** The command line's entry. */
public final class Freshet {

  private Freshet() {}

  /**
   * Runs one command and ends the JVM with its status.
   *
   * @param arguments the command and its options
   */
  public static void main(String[] arguments) {
    Path home = Path.of(Objects.requireNonNullElse(System.getProperty("freshet.home"), "."));
    int status;
    try {
      status =
          Commands.commandLine(arguments, home.resolve("infra/restaurant"), System::getenv)
              .execute(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      status = CommandLine.ExitCode.SOFTWARE;
    }
    System.exit(status);
  }
}
