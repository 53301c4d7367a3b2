package dev.freshet.local.cli;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.local.system.StartFailed;
import dev.freshet.write.check.CheckedCommand;
import dev.freshet.write.check.CommandCheck;
import dev.freshet.write.declaration.CommandFiles;
import dev.freshet.write.declaration.Declaration;
import dev.freshet.write.run.Mode;
import dev.freshet.write.run.Preconditions;
import dev.freshet.write.trial.CommandTests;
import dev.freshet.write.trial.Trial;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What can be asked about the files of commands. */
final class DeclaredCommands {

  private DeclaredCommands() {}

  @Command(
      name = "commands",
      description = "Lists, checks, tries and tests commands.",
      subcommands = {ListCommands.class, Check.class, Try.class, Test.class})
  static final class All implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      throw new ParameterException(
          spec.commandLine(), "Name what to do: list, check, try or test.");
    }
  }

  @Command(name = "list", description = "A write-backend's commands, and what is wrong with any.")
  static final class ListCommands implements Callable<Integer> {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @Option(
        names = "--url",
        description = "The write-backend's address (default: ${DEFAULT-VALUE}).",
        defaultValue = "http://127.0.0.1:8090")
    private URI url = URI.create("http://127.0.0.1:8090");

    @Mixin private OperatorToken token = new OperatorToken();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
      PrintWriter out = spec.commandLine().getOut();
      out.printf("%-28s %-40s %s%n", "command", "request", "state");
      boolean isFine = true;
      JsonNode files =
          new PartApi("write-backend", "its address with --url", url, token, TIMEOUT)
              .ask("GET", "/.freshet/commands/declared");
      for (JsonNode file : files) {
        isFine &= file.path("state").asString("").equals("ready");
        out.printf(
            "%-28s %-40s %s%n",
            file.path("name").asString(""),
            file.path("request").asString(""),
            file.path("state").asString(""));
        print(out, file, "problems", "");
        print(out, file, "warnings", "warning: ");
      }
      out.flush();
      return isFine ? 0 : 1;
    }

    private static void print(PrintWriter out, JsonNode file, String key, String before) {
      for (JsonNode problem : file.path(key)) {
        out.printf(
            "  %s.sql, line %d, column %d: %s%s%n",
            file.path("name").asString(""),
            problem.path("line").asInt(0),
            problem.path("column").asInt(0),
            before,
            problem.path("message").asString(""));
      }
    }
  }

  /** The files, and the database that they are for. */
  static final class CommandFolder {

    @Option(
        names = "--commands",
        paramLabel = "DIR",
        description = "Folder with the commands (default: ${DEFAULT-VALUE}).",
        defaultValue = "commands")
    private Path folder = Path.of("commands");

    @Mixin private PrimaryDatabase primary = new PrimaryDatabase();

    Connection connect() throws SQLException {
      return primary.connect();
    }

    CommandFiles read() {
      try {
        return CommandFiles.read(CommandFiles.texts(folder));
      } catch (IOException e) {
        throw unreadable(e);
      }
    }

    StartFailed unreadable(IOException e) {
      return new StartFailed(
          "The commands' folder %s can't be read (%s). Name one that holds NAME.sql files with --commands."
              .formatted(folder, e.getClass().getSimpleName()),
          e);
    }

    /**
     * One of them, checked.
     *
     * @throws StartFailed when it can't be given; it says why
     */
    CheckedCommand checked(String name, Connection connection) throws SQLException {
      CommandFiles files = read();
      Declaration declaration = files.declared().get(name);
      if (declaration == null) {
        throw new StartFailed(
            files.broken().containsKey(name)
                ? String.join(
                    System.lineSeparator(),
                    files.broken().get(name).stream()
                        .map(problem -> "%s.sql, %s".formatted(name, problem))
                        .toList())
                : "There is no command %s in %s; there are %s."
                    .formatted(name, folder, String.join(", ", files.declared().keySet())));
      }
      try {
        return CommandCheck.check(declaration, connection);
      } catch (FileInvalid e) {
        throw new StartFailed(String.valueOf(e.getMessage()), e);
      }
    }
  }

  @Command(
      name = "check",
      description = "Checks commands against a database; exits with status 1 if any is wrong.")
  static final class Check implements Callable<Integer> {

    @Mixin private CommandFolder files = new CommandFolder();

    @Parameters(
        paramLabel = "FILE",
        arity = "0..1",
        description = "One file; all of the folder without it.")
    private @Nullable Path file;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws SQLException {
      PrintWriter out = spec.commandLine().getOut();
      CommandFiles read = file == null ? files.read() : one(file);
      Map<String, String> broken = new TreeMap<>();
      read.broken().forEach((name, problems) -> print(out, name, problems, "", broken));
      try (Connection connection = files.connect()) {
        for (Declaration declaration : read.declared().values()) {
          try {
            print(
                out,
                declaration.name(),
                CommandCheck.check(declaration, connection).warnings(),
                "warning: ",
                new TreeMap<>());
          } catch (FileInvalid e) {
            print(out, declaration.name(), e.problems(), "", broken);
          }
        }
      }
      int all = read.declared().size() + read.broken().size();
      out.printf("%d of %d commands can be given.%n", all - broken.size(), all);
      out.flush();
      return broken.isEmpty() && all > 0 ? 0 : 1;
    }

    private static CommandFiles one(Path file) {
      String name = String.valueOf(file.getFileName()).replaceFirst("\\.sql$", "");
      try {
        return CommandFiles.read(Map.of(name, Files.readString(file)));
      } catch (IOException e) {
        throw new StartFailed(
            "%s can't be read (%s).".formatted(file, e.getClass().getSimpleName()), e);
      }
    }

    private static void print(
        PrintWriter out,
        String name,
        Iterable<FileProblem> problems,
        String before,
        Map<String, String> broken) {
      for (FileProblem problem : problems) {
        broken.put(name, problem.message());
        out.printf(
            "%s.sql, line %d, column %d: %s%s%n",
            name, problem.line(), problem.column(), before, problem.message());
      }
    }
  }

  @Command(
      name = "try",
      description =
          "Gives a command, shows its statements and its answer, and rolls back; exits with status 1 if it is refused.")
  static final class Try implements Callable<Integer> {

    @Mixin private CommandFolder files = new CommandFolder();

    @Parameters(paramLabel = "NAME", description = "The command.")
    private String name = "";

    @Option(
        names = "--body",
        paramLabel = "FILE",
        description = "The request's body, JSON; - for the standard input.")
    private @Nullable Path body;

    @Option(
        names = "--path",
        paramLabel = "NAME=VALUE",
        description = "A variable of the path; several are allowed.")
    private Map<String, String> path = new TreeMap<>();

    @Option(
        names = "--query",
        paramLabel = "NAME=VALUE",
        description = "A parameter of the query; several are allowed.")
    private Map<String, String> query = new TreeMap<>();

    @Option(
        names = "--claims",
        paramLabel = "JSON",
        description = "What the gateway would have verified of the client (default: nothing).",
        defaultValue = "{}")
    private String claims = "{}";

    @Option(names = "--if-match", paramLabel = "ETAG", description = "The request's If-Match.")
    private @Nullable String ifMatch;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws SQLException {
      PrintWriter out = spec.commandLine().getOut();
      try (Connection connection = files.connect()) {
        CheckedCommand command = files.checked(name, connection);
        Trial trial =
            new Trial(
                path, query, body(), json("--claims", claims), Preconditions.of(ifMatch, null));
        Trial.Told told =
            trial.run(
                command,
                connection,
                Mode.TRIED,
                (sql, rows, took) ->
                    out.printf(
                        Locale.ROOT,
                        "%8.1f ms %5d %s  %s%n",
                        took.toNanos() / 1e6,
                        rows,
                        rows == 1 ? "row " : "rows",
                        oneLine(sql)));
        out.printf("%nIt would answer %d%s%s.%n", told.status(), etag(told), location(told));
        if (!told.body().isMissingNode()) {
          out.println(told.body().toPrettyString());
        }
        out.println("Nothing was changed.");
        out.flush();
        return told.status() < 400 ? 0 : 1;
      }
    }

    private JsonNode body() {
      if (body == null) {
        return JsonMapper.shared().missingNode();
      }
      try {
        return json(
            body.toString(),
            body.toString().equals("-")
                ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                : Files.readString(body));
      } catch (IOException e) {
        throw new StartFailed(
            "%s can't be read (%s).".formatted(body, e.getClass().getSimpleName()), e);
      }
    }

    private static JsonNode json(String what, String text) {
      try {
        return JsonMapper.shared().readTree(text);
      } catch (JacksonException e) {
        throw new StartFailed(
            "%s is not JSON: %s"
                .formatted(what, e.getOriginalMessage().lines().findFirst().orElse("")),
            e);
      }
    }

    private static String etag(Trial.Told told) {
      return told.version() == null ? "" : ", ETag " + Preconditions.tag(told.version());
    }

    private static String location(Trial.Told told) {
      return told.location() == null ? "" : ", Location " + told.location();
    }

    private static String oneLine(String sql) {
      String line = sql.replaceAll("\\s+", " ").strip();
      return line.length() > 110 ? line.substring(0, 107) + "..." : line;
    }
  }

  @Command(
      name = "test",
      description =
          "Runs the commands' tests, NAME.test.yaml beside each; exits with status 1 if one fails.")
  static final class Test implements Callable<Integer> {

    @Mixin private CommandFolder files = new CommandFolder();

    @Parameters(
        paramLabel = "NAME",
        arity = "0..1",
        description = "The command; all that have tests without it.")
    private @Nullable String name;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws SQLException {
      PrintWriter out = spec.commandLine().getOut();
      int run = 0;
      int wrong = 0;
      try (Connection connection = files.connect()) {
        for (Map.Entry<String, String> tests : tests().entrySet()) {
          try {
            CommandTests.Outcome outcome =
                CommandTests.run(
                    tests.getValue(), files.checked(tests.getKey(), connection), connection);
            outcome
                .failures()
                .forEach(failure -> out.printf("%s.test.yaml, %s%n", tests.getKey(), failure));
            run += outcome.run();
            wrong += outcome.failures().size();
          } catch (FileInvalid e) {
            e.problems()
                .forEach(problem -> out.printf("%s.test.yaml, %s%n", tests.getKey(), problem));
            wrong++;
          }
        }
      }
      out.println(
          run == 0 && wrong == 0
              ? "There are no tests; put a NAME.test.yaml beside a command."
              : "%d %s run, %s."
                  .formatted(
                      run,
                      run == 1 ? "test" : "tests",
                      wrong == 0 ? "all passed" : wrong + " of their expectations failed"));
      out.flush();
      return wrong == 0 && run > 0 ? 0 : 1;
    }

    private Map<String, String> tests() {
      Map<String, String> tests = new TreeMap<>();
      try (Stream<Path> all = Files.list(files.folder)) {
        for (Path file : all.toList()) {
          String of = String.valueOf(file.getFileName());
          if (of.endsWith(".test.yaml") && (name == null || of.equals(name + ".test.yaml"))) {
            tests.put(of.replaceFirst("\\.test\\.yaml$", ""), Files.readString(file));
          }
        }
      } catch (IOException e) {
        throw files.unreadable(e);
      }
      return tests;
    }
  }
}
