package dev.freshet.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.local.system.Shell;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    assertThat(Shell.word(path)).isEqualTo(word);
  }

  /** What up would refuse is refused by the check, too. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "write: { pool: writers }|replicas: 1|command|0|can be used",
        "write: { pool: writers }|replicas: 1||1|no pool 'writers': up has it where there are commands",
        "read: { pool: readers }|replicas: 1|replica-2|0|can be used",
        "read: { pool: readers }|replicas: 2|replica-2|1|'replica-2' is the id of another instance",
        "read: { pool: readers }|replicas: 2|primary-reads|1|'primary-reads' is the id of another",
      })
  void routesAreCheckedAgainstWhatUpStarts(
      String target, String up, @Nullable String own, int status, String told, @TempDir Path folder)
      throws Exception {
    Files.writeString(folder.resolve("freshet.yaml"), "freshet: { up: { %s } }".formatted(up));
    if ("command".equals(own)) {
      Files.writeString(Files.createDirectory(folder.resolve("commands")).resolve("a.sql"), "");
    }
    String pools =
        own == null || own.equals("command")
            ? ""
            : "pools: { mine: { instances: [ { id: %s, url: 'http://127.0.0.1:1' } ] } }"
                .formatted(own);
    Path routes =
        Files.writeString(
            folder.resolve("routes.yaml"),
            "version: 1\nroutes: [ { id: a, path: /a, %s } ]\n%s\n".formatted(target, pools));
    CommandLine commands = commands();
    StringWriter out = new StringWriter();
    commands.setOut(new PrintWriter(out));
    assertThat(commands.execute("routes", "validate", routes.toString())).isEqualTo(status);
    assertThat(out.toString()).contains(told);
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
