package dev.freshet.local.cli;

import dev.freshet.gateway.filters.FilterCatalogue;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.file.RoutesFile;
import dev.freshet.gateway.routing.file.RoutesInvalid;
import dev.freshet.gateway.routing.file.RoutesSchema;
import dev.freshet.gateway.routing.file.Surroundings;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What can be asked of a routes file, without a gateway. */
final class RoutesCommands {

  private RoutesCommands() {}

  @Command(
      name = "routes",
      description = "Checks routes files.",
      subcommands = {Validate.class, Schema.class},
      synopsisSubcommandLabel = "COMMAND")
  static final class All implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      throw new ParameterException(spec.commandLine(), "Name a command: validate or schema");
    }
  }

  @Command(
      name = "validate",
      description = "Says all that is wrong with a routes file; ends with 1 when something is.")
  static final class Validate implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "The routes file.")
    private Path file = Path.of("routes.yaml");

    @Option(
        names = "--listen",
        description =
            "Where the gateway will listen; beyond loopback each route has to say who may use it (default: ${DEFAULT-VALUE}).",
        defaultValue = "127.0.0.1")
    private InetAddress listen = InetAddress.getLoopbackAddress();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      try {
        Routes routes =
            RoutesFile.read(
                RoutesFile.text(file),
                new Surroundings(
                    System::getenv,
                    // What up has started.
                    Map.of("writers", List.of(), "readers", List.of()),
                    FilterCatalogue.ofClassPath(),
                    listen));
        out.printf("%s can be used: %d routes.%n", file, routes.all().size());
        return 0;
      } catch (RoutesInvalid e) {
        e.problems().forEach(problem -> out.printf("%s, %s%n", file, problem));
        return 1;
      } finally {
        out.flush();
      }
    }
  }

  @Command(name = "schema", description = "Prints the JSON Schema of routes files, for editors.")
  static final class Schema implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      spec.commandLine().getOut().print(RoutesSchema.text());
      spec.commandLine().getOut().flush();
    }
  }
}
