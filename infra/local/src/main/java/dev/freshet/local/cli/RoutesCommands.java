package dev.freshet.local.cli;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.gateway.filters.FilterCatalogue;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.file.RoutesFile;
import dev.freshet.gateway.routing.file.RoutesForm;
import dev.freshet.gateway.routing.file.RoutesTests;
import dev.freshet.gateway.routing.file.Surroundings;
import dev.freshet.local.system.StartFailed;
import dev.freshet.local.system.SystemLayout;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What can be asked of a routes file, and of a gateway about its routes. */
final class RoutesCommands {

  private RoutesCommands() {}

  @Command(
      name = "routes",
      description = "Checks routes files, and says where a request would go.",
      subcommands = {Validate.class, Explain.class, Schema.class},
      synopsisSubcommandLabel = "COMMAND")
  static final class All implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      throw new ParameterException(
          spec.commandLine(), "Name a command: validate, explain or schema");
    }
  }

  @Command(
      name = "validate",
      description =
          "Says all that is wrong with a routes file; exits with status 1 if anything is.")
  static final class Validate implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "The routes file.")
    private Path file = Path.of("routes.yaml");

    @Option(
        names = "--listen",
        description =
            "Where the gateway will listen; beyond loopback each route has to say who may use it (default: ${DEFAULT-VALUE}).",
        defaultValue = "127.0.0.1")
    private InetAddress listen = InetAddress.getLoopbackAddress();

    @Option(
        names = "--insecure",
        description =
            "The gateway will run with --insecure: routes need no access, even beyond loopback.")
    private boolean insecure;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      if (!Files.isReadable(file)) {
        throw new StartFailed("%s is not there, or can't be read.".formatted(file));
      }
      PrintWriter out = spec.commandLine().getOut();
      try {
        Routes routes =
            RoutesFile.read(
                RoutesFile.text(file),
                new Surroundings(
                    RoutesFile.folder(file),
                    System::getenv,
                    pools(),
                    FilterCatalogue.ofClassPath(),
                    new Surroundings.Exposure(listen, insecure)));
        int count = routes.all().size();
        out.printf("%s can be used: %d %s.%n", file, count, count == 1 ? "route" : "routes");
        routes.notes().forEach(out::println);
        return test(routes, out) ? 0 : 1;
      } catch (FileInvalid e) {
        e.problems().forEach(problem -> out.printf("%s, %s%n", file, problem));
        return 1;
      } finally {
        out.flush();
      }
    }

    /** Of what up would start with the folder that the file is in. */
    private Map<String, List<InstanceSpec>> pools() {
      Path folder = RoutesFile.folder(file);
      Settings settings = Settings.of(folder, System::getenv);
      return SystemLayout.pools(
          SystemLayout.hasCommands(folder),
          settings.count("up", "replicas", ClusterMixin.USUAL_REPLICAS),
          settings.count("up", "read-databases", ClusterMixin.USUAL_READ_DATABASES));
    }

    /** Runs the tests beside the file, if there are any; false when one failed. */
    private boolean test(Routes routes, PrintWriter out) {
      Path tests =
          file.resolveSibling(
              String.valueOf(file.getFileName()).replaceFirst("(\\.ya?ml)?$", ".test$1"));
      if (!Files.isReadable(tests)) {
        return true;
      }
      try {
        RoutesTests.Outcome outcome = RoutesTests.run(RoutesFile.text(tests), routes);
        outcome.failures().forEach(failure -> out.printf("%s, %s%n", tests, failure));
        out.printf(
            "%s: %d of %d tests passed.%n", tests, outcome.run() - failed(outcome), outcome.run());
        if (!outcome.uncovered().isEmpty()) {
          out.printf("No test takes %s.%n", String.join(", ", outcome.uncovered()));
        }
        return outcome.failures().isEmpty();
      } catch (FileInvalid e) {
        e.problems().forEach(problem -> out.printf("%s, %s%n", tests, problem));
        return false;
      }
    }

    /** One test may fail in several ways. */
    private static long failed(RoutesTests.Outcome outcome) {
      return outcome.failures().stream().map(FileProblem::line).distinct().count();
    }
  }

  @Command(
      name = "explain",
      description =
          "Says which route, intent and instance a request would get now, and why; exits with status 1 if it would be refused.")
  static final class Explain implements Callable<Integer> {

    private static final Pattern HOST = Pattern.compile("^https?://([^/?#]+)");

    @Parameters(index = "0", paramLabel = "METHOD", description = "Such as GET.")
    private String method = "GET";

    @Parameters(
        index = "1",
        paramLabel = "URL",
        description = "Of the gateway for clients, or the path alone: /orders/7.")
    private String target = "/";

    @Option(
        names = {"-H", "--header"},
        paramLabel = "'NAME: VALUE'",
        description = "A header of the request; may be given several times.")
    private List<String> headers = List.of();

    @Option(
        names = {"-d", "--data"},
        paramLabel = "CONTENT",
        description = "The content, on routes where that says what a request means (GraphQL).")
    private String content = "";

    @Mixin private GatewayApi gateway = new GatewayApi();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
      JsonNode told = ask();
      print(spec.commandLine().getOut(), told);
      spec.commandLine().getOut().flush();
      return told.has("refused") || hasNobody(told) ? 1 : 0;
    }

    /** A preflight needs nobody: the gateway answers it. */
    private static boolean hasNobody(JsonNode told) {
      return told.has("chosen") && told.path("chosen").isNull();
    }

    private JsonNode ask() throws InterruptedException {
      ObjectNode request =
          JsonNodeFactory.instance
              .objectNode()
              .put("method", method.toUpperCase(Locale.ROOT))
              .put("path", path())
              .put("body", content);
      ObjectNode sent = request.putObject("headers");
      Matcher host = HOST.matcher(target);
      if (host.find()) {
        sent.put("Host", host.group(1));
      }
      for (String header : headers) {
        int colon = header.indexOf(':');
        if (colon < 1) {
          throw new ParameterException(
              spec.commandLine(),
              "A header is written as 'NAME: VALUE', not '%s'".formatted(header));
        }
        sent.withArray(header.substring(0, colon).strip()).add(header.substring(colon + 1).strip());
      }
      return gateway.api().post("/api/explain", request);
    }

    /** What the gateway would see of the URL. */
    private String path() {
      String path = target.replaceFirst("^https?://[^/?#]*", "").replaceFirst("#.*", "");
      return path.startsWith("/") ? path : "/" + path;
    }

    private static void print(PrintWriter out, JsonNode told) {
      out.printf("route      %s%n", told.path("route").asString("none"));
      if (told.has("intent")) {
        out.printf(
            "intent     %s, because %s%n",
            told.path("intent").asString(), told.path("decidedBy").asString());
      }
      if (told.has("consistency")) {
        out.printf(
            "level      %s%s%n",
            told.path("consistency").asString(),
            told.has("mustInclude") ? ", must include " + told.path("mustInclude").asString() : "");
      }
      if (told.has("refused")) {
        out.printf(
            "refused    %d %s: %s%n",
            told.path("refused").path("status").asInt(),
            told.path("refused").path("code").asString(),
            told.path("refused").path("detail").asString());
        return;
      }
      out.printf(
          "chosen     %s%n%n",
          hasNobody(told)
              ? "none: the request would be answered 503"
              : told.path("chosen").asString("the gateway itself"));
      out.printf("%-16s %-14s %-20s %9s  %s%n", "instance", "kind", "position", "lag", "why");
      for (JsonNode candidate : told.path("candidates")) {
        out.printf(
            "%-16s %-14s %-20s %9s  %s%n",
            candidate.path("instance").asString(),
            candidate.path("kind").asString(),
            candidate.path("position").asString("?"),
            candidate.path("lagSeconds").isNumber()
                ? "%.3f s".formatted(candidate.path("lagSeconds").asDouble())
                : "?",
            candidate.path("reason").asString(candidate.path("excluded").asString("")));
      }
    }
  }

  @Command(name = "schema", description = "Prints the JSON Schema of routes files, for editors.")
  static final class Schema implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      spec.commandLine().getOut().print(RoutesForm.ROUTES.text());
      spec.commandLine().getOut().flush();
    }
  }
}
