package dev.freshet.local.cli;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.write.event.EventTable;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What can be done with tables of events. */
final class EventsCommands {

  private EventsCommands() {}

  @Command(
      name = "events",
      description = "Makes, lists and verifies tables of events.",
      subcommands = {Init.class, ListEvents.class, Verify.class})
  static final class All implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      throw new ParameterException(spec.commandLine(), "Name what to do: init, list or verify.");
    }
  }

  /** The table. */
  static final class Table {

    @Option(
        names = "--table",
        paramLabel = "NAME",
        description = "The table (default: ${DEFAULT-VALUE}).",
        defaultValue = "event")
    private String name = "event";

    EventTable table() {
      return new EventTable(name);
    }
  }

  @Command(name = "init", description = "Prints the SQL that makes a table of events, or runs it.")
  static final class Init implements Callable<Integer> {

    /** One of the two. */
    static final class What {

      @Option(names = "--print", description = "Prints the SQL, for a migration of one's own.")
      private boolean print;

      @Option(names = "--apply", description = "Runs it on the primary.")
      private boolean apply;
    }

    @ArgGroup(multiplicity = "1")
    private What what = new What();

    @Mixin private Table table = new Table();

    @Mixin private PrimaryDatabase primary = new PrimaryDatabase();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws SQLException {
      PrintWriter out = spec.commandLine().getOut();
      if (what.print) {
        out.print(table.table().sql());
      }
      if (what.apply) {
        try (Connection connection = primary.connect()) {
          table.table().make(connection);
        }
        out.printf("Made %s.%n", table.name);
      }
      out.flush();
      return 0;
    }
  }

  @Command(name = "list", description = "Prints a stream's events.")
  static final class ListEvents implements Callable<Integer> {

    @Parameters(paramLabel = "STREAM", description = "The stream.")
    private String stream = "";

    @Mixin private Table table = new Table();

    @Mixin private PrimaryDatabase primary = new PrimaryDatabase();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws SQLException {
      PrintWriter out = spec.commandLine().getOut();
      List<EventTable.Event> events;
      try (Connection connection = primary.connect()) {
        events = table.table().stream(connection, stream);
      }
      events.forEach(
          event ->
              out.printf(
                  "%6d  %s  %-24s %s%n", event.version(), event.at(), event.type(), event.data()));
      if (events.isEmpty()) {
        out.printf("%s has no stream %s.%n", table.name, stream);
      }
      out.flush();
      return events.isEmpty() ? 1 : 0;
    }
  }

  @Command(
      name = "verify",
      description =
          "Looks for gaps in the versions, and compares copies; exits with status 1 if anything is wrong.")
  static final class Verify implements Callable<Integer> {

    @Option(
        names = "--copy",
        paramLabel = "URL",
        description = "A replica or a read database to compare; several are allowed.")
    private List<String> copies = List.of();

    @Mixin private Table table = new Table();

    @Mixin private PrimaryDatabase primary = new PrimaryDatabase();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws SQLException {
      PrintWriter out = spec.commandLine().getOut();
      boolean isFine = true;
      try (Connection connection = primary.connect()) {
        EventTable events = table.table();
        EventTable.Found found = events.verify(connection);
        out.printf("%d events in %d streams%n", found.events(), found.streams());
        for (String stream : found.gaps()) {
          out.printf("%s has gaps in its versions%n", stream);
          isFine = false;
        }
        for (String url : copies) {
          PostgresUrl copy = PostgresUrl.parse(primary.withPassword(url));
          try (Connection other =
              DriverManager.getConnection(copy.jdbcUrl(), copy.user(), copy.password())) {
            Optional<String> difference = events.difference(connection, other);
            out.printf(
                "%s: %s%n",
                copy, difference.orElseGet(() -> "as on the primary, as far as it has come"));
            isFine &= difference.isEmpty();
          }
        }
      }
      out.println(isFine ? "All is as it should be." : "Something is wrong.");
      out.flush();
      return isFine ? 0 : 1;
    }
  }
}
