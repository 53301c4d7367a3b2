package dev.freshet.local.cli;

import dev.freshet.protocol.Position;
import dev.freshet.sync.log.LogAddress;
import dev.freshet.sync.log.LogInspection;
import dev.freshet.sync.log.LogState;
import dev.freshet.sync.source.Place;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What can be asked of a log on a broker. */
final class LogCommands {

  private LogCommands() {}

  @Command(
      name = "log",
      description = "Looks at a log on a broker.",
      subcommands = {Status.class, Cat.class, Verify.class})
  static final class All implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      throw new ParameterException(spec.commandLine(), "Name what to do: status, cat or verify.");
    }
  }

  /** Which log, and from where on. */
  static final class Which {

    @Option(
        names = "--broker",
        paramLabel = "HOST:PORT",
        description = "The broker, or several, separated by commas (default: ${DEFAULT-VALUE}).",
        defaultValue = "127.0.0.1:5490")
    private String broker = "";

    @Option(
        names = "--name",
        description = "The log's name (default: ${DEFAULT-VALUE}).",
        defaultValue = "freshet")
    private String name = "";

    @Mixin private BrokerClient client = new BrokerClient();

    LogInspection inspection() {
      return new LogInspection(new LogAddress(broker, name).access(client.properties()));
    }
  }

  /** Where reading begins. */
  static final class From {

    @Option(
        names = "--from",
        paramLabel = "POSITION",
        description = "What comes after this position, such as 1:0/5A0 (default: all).")
    private @Nullable String position;

    @Nullable Place place() {
      return position == null ? null : Place.of(Position.parse(position));
    }
  }

  @Command(name = "status", description = "Prints what a log holds.")
  static final class Status implements Callable<Integer> {

    @Mixin private Which log = new Which();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      LogInspection.Status status = log.inspection().status();
      LogState state = status.state();
      Instant now = Instant.now();
      PrintWriter out = spec.commandLine().getOut();
      out.printf("log       %s%n", log.name);
      out.printf(
          "from      %s, written %s ago%n",
          status.from(), Quantities.text(age(status.oldest(), now)));
      out.printf(
          "to        %s, written %s ago%n",
          status.to(), Quantities.text(age(status.newest(), now)));
      out.printf("records   %,d%n", status.records());
      out.printf(
          "source    database %s of system %s, timeline %d%n",
          state.origin().database(), state.origin().system(), state.epoch());
      out.printf(
          "tables    %s%n",
          state.carried().isEmpty()
              ? "none"
              : state.carried().stream()
                  .map(
                      carried ->
                          carried.since() == null
                              ? carried.table() + " (being added)"
                              : carried.table().toString())
                  .sorted()
                  .collect(Collectors.joining(", ")));
      out.printf(
          "gaps      %s%n",
          state.gaps().isEmpty()
              ? "none"
              : state.gaps().stream().map(Place::toString).collect(Collectors.joining(", ")));
      out.flush();
      return 0;
    }

    private static Duration age(Instant then, Instant now) {
      Duration age = Duration.ofSeconds(Duration.between(then, now).toSeconds());
      return age.isNegative() ? Duration.ZERO : age;
    }
  }

  @Command(name = "cat", description = "Prints a log's entries, a line of JSON each.")
  static final class Cat implements Callable<Integer> {

    @Mixin private From from = new From();

    @Mixin private Which log = new Which();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      log.inspection().cat(from.place(), out::println);
      out.flush();
      return 0;
    }
  }

  @Command(
      name = "verify",
      description =
          "Reads a log from end to end: no transaction is missing, torn or out of order; exits with status 1 if one is.")
  static final class Verify implements Callable<Integer> {

    @Mixin private From from = new From();

    @Mixin private Which log = new Which();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      LogInspection.Verified found = log.inspection().verify(from.place());
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "%,d transactions with %,d changes, %,d bytes, from %s to %s%n",
          found.transactions(), found.changes(), found.bytes(), found.from(), found.to());
      found
          .gaps()
          .forEach(
              gap ->
                  out.printf(
                      "Before %s transactions are missing at the source itself: copies are rebuilt there.%n",
                      gap));
      boolean isWhole = found.gaps().isEmpty();
      out.println(isWhole ? "All is as it should be." : "What is there is as it should be.");
      out.flush();
      return isWhole ? 0 : 1;
    }
  }
}
