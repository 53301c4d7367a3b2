package dev.freshet.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class CommandsTest {

  static List<String> everyCommand() {
    List<String> names = new ArrayList<>(List.of(""));
    gather(commands(), "", names);
    return names;
  }

  private static void gather(CommandLine command, String path, List<String> names) {
    command
        .getSubcommands()
        .forEach(
            (name, subcommand) -> {
              names.add((path + " " + name).strip());
              gather(subcommand, path + " " + name, names);
            });
  }

  @ParameterizedTest
  @MethodSource("everyCommand")
  void everyCommandHasHelpThatKeepsDefaultsOnOneLine(String command) {
    for (String option : new String[] {"-h", "--help"}) {
      StringWriter out = new StringWriter();
      CommandLine commands = commands();
      commands.setOut(new PrintWriter(out));
      int status = commands.execute((command + " " + option).strip().split(" "));
      assertThat(status).as(command + " " + option).isZero();
      assertThat(out.toString())
          .contains("Usage: freshet")
          .doesNotContainPattern("\\(default:[^)]*\\R");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/tmp/data/pgpass|/tmp/data/pgpass",
        "/tmp/my data/pgpass|'/tmp/my data/pgpass'",
        "/tmp/it's/pgpass|'/tmp/it'\\''s/pgpass'",
        "/tmp/$HOME/pgpass|'/tmp/$HOME/pgpass'",
      })
  void pathsAreQuotedAsShellReadsThem(String path, String word) {
    assertThat(UpCommand.quoted(path)).isEqualTo(word);
  }

  @Test
  void wrongUsageEndsWithTwo() {
    CommandLine commands = commands();
    commands.setErr(new PrintWriter(new StringWriter()));
    assertThat(commands.execute("up", "--no-such-option")).isEqualTo(2);
  }

  private static CommandLine commands() {
    return Commands.commandLine(new String[0], Path.of("no-sample"), name -> null);
  }
}
