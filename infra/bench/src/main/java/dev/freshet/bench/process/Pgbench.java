package dev.freshet.bench.process;

import dev.freshet.cluster.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PostgreSQL's own load generator. */
public final class Pgbench {

  /** As the cluster's servers begin their entries. */
  private static final Pattern ENTRY =
      Pattern.compile("(?m)^\\d{4}-\\d\\d-\\d\\d \\S+ \\S+ \\[\\d+\\] (\\S*) (LOG|DETAIL):  ");

  private static final Pattern EXECUTED = Pattern.compile("(?s)execute [^:]*: (.*)");
  private static final Pattern PARAMETER = Pattern.compile("\\$(\\d+) = ('((?:[^']|'')*)'|NULL)");
  private static final Pattern PROCESSED = Pattern.compile("actually processed: (\\d+)");

  private Pgbench() {}

  /**
   * A script.
   *
   * @param database in which it runs
   * @param file its lines
   * @param variables that it uses
   */
  public record Script(String database, Path file, Map<String, String> variables) {}

  /** Has something done. */
  @FunctionalInterface
  public interface Work {
    void run() throws Exception;
  }

  /** Connects to one of a server's databases. */
  public static Connection connect(PostgresServer server, String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:%d/%s".formatted(server.port(), database),
        server.url().user(),
        server.url().password());
  }

  /**
   * Makes a script of the statements that a part runs meanwhile, with their parameters.
   *
   * @param application by which the part's connections go
   * @param first lines before them
   * @param instead what stands for a parameter of some value, so that each transaction has another;
   *     after a query whose columns are called so, {@code :version} and the like have its row's
   *     values
   */
  public static Script ofLogged(
      PostgresServer server,
      String database,
      String application,
      List<String> first,
      Map<String, String> instead,
      Work work)
      throws Exception {
    int before = (int) Files.size(server.log());
    log(server, "all");
    work.run();
    log(server, "none");
    String text = Files.readString(server.log()).substring(before);
    Map<String, String> variables = new LinkedHashMap<>();
    StringBuilder script = new StringBuilder();
    first.forEach(line -> script.append(line).append('\n'));
    int number = 0;
    for (Logged logged : logged(text, application)) {
      number++;
      String sql = logged.sql();
      for (MatchResult parameter : PARAMETER.matcher(logged.parameters()).results().toList()) {
        sql =
            sql.replaceAll(
                "\\$" + parameter.group(1) + "(?!\\d)",
                Matcher.quoteReplacement(
                    expression(
                        parameter,
                        "s%dp%s".formatted(number, parameter.group(1)),
                        instead,
                        variables)));
      }
      // A line that begins so is none of the statement's, and a script has one statement a line.
      String line = sql.replaceAll("(?m)^\\s*--.*$", "").replaceAll("\\s+", " ").strip();
      script
          .append(line)
          .append(line.startsWith("select version, ") ? " \\gset" : ";")
          .append('\n');
    }
    return new Script(
        database,
        Files.writeString(Files.createTempFile("freshet-", ".pgbench"), script.toString()),
        variables);
  }

  private static String expression(
      MatchResult parameter,
      String name,
      Map<String, String> instead,
      Map<String, String> variables) {
    if (parameter.group(3) == null) {
      return "null";
    }
    if (parameter.group(3).isEmpty()) {
      return "''"; // pgbench has no empty variables
    }
    String value = parameter.group(3).replace("''", "'").replace("\n\t", "\n");
    for (Map.Entry<String, String> other : instead.entrySet()) {
      if (value.equals(other.getKey())) {
        return other.getValue();
      }
    }
    variables.put(name, value);
    return ":" + name;
  }

  /** A statement, and what was bound. */
  private record Logged(String sql, String parameters) {}

  private static List<Logged> logged(String log, String application) {
    List<MatchResult> entries = ENTRY.matcher(log).results().toList();
    List<Logged> all = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      MatchResult entry = entries.get(i);
      if (!entry.group(1).equals(application)) {
        continue;
      }
      int end = i + 1 < entries.size() ? entries.get(i + 1).start() : log.length();
      String text = log.substring(entry.end(), end).strip();
      Matcher executed = EXECUTED.matcher(text);
      if (entry.group(2).equals("DETAIL")) {
        all.add(new Logged(all.removeLast().sql(), text));
      } else if (executed.matches()) {
        all.add(new Logged(executed.group(1).strip(), ""));
      }
    }
    return all;
  }

  /** Has all statements logged, or none; sessions that are there follow with their next one. */
  private static void log(PostgresServer server, String what) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("alter system set log_statement = '" + what + "'");
      statement.execute("select pg_reload_conf()");
    }
    while (!logs(server).equals(what)) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static String logs(PostgresServer server) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("show log_statement")) {
      row.next();
      return row.getString(1);
    }
  }

  /**
   * Runs a script, as the user {@code postgres}.
   *
   * @param port of the server, on loopback
   * @param transactions of all clients together
   * @return how many were done
   */
  public static int run(int port, String password, Script script, int clients, int transactions)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                program(),
                "--no-vacuum",
                "--protocol=prepared",
                "--client=" + clients,
                "--transactions=" + transactions / clients,
                "--file=" + script.file(),
                "--host=127.0.0.1",
                "--port=" + port,
                "--username=postgres"));
    script
        .variables()
        .forEach((name, value) -> command.add("--define=%s=%s".formatted(name, value)));
    command.add(script.database());
    Path output = Files.createTempFile("freshet-pgbench-", ".out");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("PGPASSWORD", password);
    int status = builder.start().waitFor();
    String printed = Files.readString(output);
    Matcher processed = PROCESSED.matcher(printed);
    if (status != 0 || !processed.find()) {
      throw new IllegalStateException(
          "pgbench ended with status %d: %s%n%s"
              .formatted(status, printed, Files.readString(script.file())));
    }
    return Integer.parseInt(processed.group(1));
  }

  /** Debian's, or the one of the path. */
  private static String program() throws IOException {
    try (var versions = Files.newDirectoryStream(Path.of("/usr/lib/postgresql"))) {
      for (Path version : versions) {
        Path program = version.resolve("bin/pgbench");
        if (Files.isExecutable(program)) {
          return program.toString();
        }
      }
    }
    return "pgbench";
  }
}
