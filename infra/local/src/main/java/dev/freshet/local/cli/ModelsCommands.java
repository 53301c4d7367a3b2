package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.sync.SourceObjects;
import java.io.Console;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** What can be asked of a sync about its models. */
final class ModelsCommands {

  private ModelsCommands() {}

  /** The sync that is asked. */
  static final class Sync {

    /** A verification computes a whole model, or reads the source. */
    private static final Duration TIMEOUT = Duration.ofHours(1);

    @Option(
        names = "--url",
        description = "The sync's address (default: ${DEFAULT-VALUE}).",
        defaultValue = "http://127.0.0.1:8110")
    private URI url = URI.create("http://127.0.0.1:8110");

    @Mixin private OperatorToken token = new OperatorToken();

    JsonNode ask(String method, String path) throws InterruptedException {
      return new PartApi("sync", "its address with --url", url, token, TIMEOUT).ask(method, path);
    }

    List<String> names() throws InterruptedException {
      List<String> names = new ArrayList<>();
      ask("GET", "/api/models").forEach(model -> names.add(model.path("name").asString()));
      return names;
    }

    static String path(String model, String action) {
      return "/api/models/%s/%s"
          .formatted(URLEncoder.encode(model, StandardCharsets.UTF_8), action);
    }
  }

  @Command(
      name = "models",
      description = "Lists, rebuilds and verifies read models.",
      subcommands = {ListModels.class, Rebuild.class, Verify.class, Release.class})
  static final class Models implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
      throw new ParameterException(
          spec.commandLine(), "Name what to do: list, rebuild, verify or release.");
    }
  }

  @Command(name = "list", description = "Rows, freshness and how each model is kept.")
  static final class ListModels implements Callable<Integer> {

    @Mixin private Sync sync = new Sync();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "%-24s %12s %-9s %10s  %-20s %s%n", "model", "rows", "state", "behind", "kept", "");
      for (JsonNode model : sync.ask("GET", "/api/models")) {
        out.printf(
            "%-24s %12s %-9s %10s  %-20s %s%n",
            model.path("name").asString(),
            model.path("rows").isNumber() ? model.path("rows").asString() : "unknown",
            model.path("state").asString(),
            behind(model.path("freshnessSeconds")),
            model.path("kept").asString(),
            model.path("reason").asString("").replace('\n', ' '));
        model.path("stores").forEach(store -> print(out, store));
      }
      out.flush();
      return 0;
    }

    /** Where the model of the line above is in a store. */
    private static void print(PrintWriter out, JsonNode store) {
      out.printf(
          "%-24s %12s %-9s %10s  %-20s %s%n",
          "  in store " + store.path("store").asString(),
          "",
          store.path("state").asString(),
          behind(store.path("lagSeconds")),
          store.path("position").isString() ? "at " + store.path("position").asString() : "",
          store.path("reason").asString("").replace('\n', ' '));
    }

    private static String behind(JsonNode seconds) {
      return seconds.isNumber()
          ? String.format(Locale.ROOT, "%.3f s", seconds.asDouble())
          : "unknown";
    }
  }

  @Command(name = "rebuild", description = "Rebuilds a model while its table serves on.")
  static final class Rebuild implements Callable<Integer> {

    private static final Duration ASK_AGAIN = Duration.ofMillis(200);

    @Mixin private Sync sync = new Sync();

    @Parameters(paramLabel = "NAME", description = "The model.")
    private String name = "";

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
      PrintWriter out = spec.commandLine().getOut();
      String before = builtAt().path("builtAt").asString("");
      sync.ask("POST", Sync.path(name, "rebuild"));
      boolean onTerminal = isOnTerminal();
      JsonNode model = builtAt();
      while (model.path("builtAt").asString("").equals(before)) {
        if (!model.path("reason").asString("").isEmpty()) {
          throw new StartFailed(model.path("reason").asString());
        }
        if (onTerminal) {
          out.print("\r" + ProgressBar.of(sync.ask("GET", "/api/sync").path("progress")));
          out.flush();
        }
        LockSupport.parkNanos(ASK_AGAIN.toNanos());
        model = builtAt();
      }
      out.printf(
          "%s%s: rebuilt, %s rows%n",
          onTerminal ? "\r" : "", name, model.path("rows").asString("?"));
      out.flush();
      return 0;
    }

    @SuppressWarnings("SystemConsoleNull") // a JVM without the console's provider has none
    private static boolean isOnTerminal() {
      Console console = System.console();
      return console != null && console.isTerminal();
    }

    private JsonNode builtAt() throws InterruptedException {
      for (JsonNode model : sync.ask("GET", "/api/models")) {
        if (model.path("name").asString().equals(name)) {
          return model;
        }
      }
      throw new StartFailed(
          "There is no model '%s'; there are %s.".formatted(name, String.join(", ", sync.names())));
    }
  }

  @Command(
      name = "verify",
      description = "Recomputes models and compares; exits with status 1 if any model differs.")
  static final class Verify implements Callable<Integer> {

    @Mixin private Sync sync = new Sync();

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "The model; all without it.")
    private @Nullable String name;

    /** What the models are compared with. */
    static final class With {

      @Option(names = "--source", description = "Compares with the source itself, at one position.")
      private boolean source;

      @Option(
          names = "--store",
          description =
              "Compares what the search store has with the read database, at one position.")
      private boolean store;
    }

    @ArgGroup private With with = new With();

    @Option(
        names = "--follower",
        description =
            "The address of the store's follower, for --store (default: ${DEFAULT-VALUE}).",
        defaultValue = "http://127.0.0.1:8120")
    private URI follower = URI.create("http://127.0.0.1:8120");

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
      PrintWriter out = spec.commandLine().getOut();
      boolean same = with.store ? compareStore(out) : compareReadDatabase(out);
      out.flush();
      return same ? 0 : 1;
    }

    private boolean compareStore(PrintWriter out) throws InterruptedException {
      PartApi asked =
          new PartApi(
              "follower", "its address with --follower", follower, sync.token, Sync.TIMEOUT);
      JsonNode followed = asked.ask("GET", "/api/follower");
      if (!followed.path("state").asString("").equals("following")) {
        throw new StartFailed(
            "The follower at %s is %s. %s"
                .formatted(
                    follower,
                    followed.path("state").asString(""),
                    followed.path("reason").asString(""))
                .strip());
      }
      JsonNode models = followed.path("models");
      printHeader(out);
      boolean same = true;
      String position = "";
      for (String model : name == null ? names(models) : List.of(name)) {
        Optional<String> unserved = name == null ? unserved(models, model) : Optional.empty();
        if (unserved.isPresent()) {
          out.println(unserved.get());
          same = false;
          continue;
        }
        JsonNode found = asked.ask("POST", Sync.path(model, "verify"));
        same &= print(out, found.path("model").asString(), found);
        position = found.path("position").asString("");
      }
      if (models.isEmpty()) {
        out.println("No model in the read database says stores: [search].");
        return same;
      }
      printOutcome(out, same);
      out.printf(
          "Compared with the read database, at one position%s.%n",
          name == null ? " each" : " (%s)".formatted(position));
      return same;
    }

    private static List<String> names(JsonNode models) {
      return models.valueStream().map(model -> model.path("model").asString()).toList();
    }

    /** The line for a model that readers do not get from the store. */
    private static Optional<String> unserved(JsonNode models, String name) {
      return models
          .valueStream()
          .filter(model -> model.path("model").asString("").equals(name))
          .filter(model -> !model.path("state").asString("").equals("served"))
          .map(
              model ->
                  "%-32s is %s in the store. %s"
                      .formatted(
                          name,
                          model.path("state").asString(""),
                          model.path("reason").asString("")))
          .findFirst();
    }

    private static void printHeader(PrintWriter out) {
      out.printf("%-32s %12s %10s %10s %10s%n", "", "rows", "missing", "extra", "different");
    }

    private static void printOutcome(PrintWriter out, boolean same) {
      out.println(same ? "All rows match." : "Some rows differ, or some models can't be compared.");
    }

    private boolean compareReadDatabase(PrintWriter out) throws InterruptedException {
      JsonNode models = sync.ask("GET", "/api/models");
      printHeader(out);
      boolean same = true;
      for (String model : name == null ? sync.names() : List.of(name)) {
        Optional<String> unkept = unkept(models, model);
        if (unkept.isPresent()) {
          out.println(unkept.get());
          same = false;
          continue;
        }
        JsonNode found =
            sync.ask("POST", Sync.path(model, "verify" + (with.source ? "?source=true" : "")));
        for (JsonNode table : found.path("tables")) {
          same &= print(out, table.path("table").asString(), table);
        }
        same &= print(out, found.path("model").asString(), found);
      }
      printOutcome(out, same);
      out.println(
          with.source
              ? "Compared with the source, at one position."
              : "Compared with the SELECTs over the read database's copies of the tables; --source compares with the source.");
      return same;
    }

    /** The line for a model that has nothing to compare. */
    private static Optional<String> unkept(JsonNode models, String name) {
      for (JsonNode model : models) {
        String state = model.path("state").asString("");
        if (model.path("name").asString("").equals(name)
            && !state.equals("live")
            && !state.equals("faulty")) {
          return Optional.of(
              "%-32s is %s. %s".formatted(name, state, model.path("reason").asString("")));
        }
      }
      return Optional.empty();
    }

    private static boolean print(PrintWriter out, String what, JsonNode found) {
      out.printf(
          "%-32s %12d %10d %10d %10d%n",
          what,
          found.path("rows").asLong(),
          found.path("missing").asLong(),
          found.path("extra").asLong(),
          found.path("different").asLong());
      return found.path("missing").asLong() == 0
          && found.path("extra").asLong() == 0
          && found.path("different").asLong() == 0;
    }
  }

  @Command(
      name = "release",
      description = "Prints the SQL that takes a model's view out of the way of a migration.")
  static final class Release implements Callable<Integer> {

    @Mixin private Sync sync = new Sync();

    @Parameters(paramLabel = "NAME", description = "The model.")
    private String name = "";

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
      PrintWriter out = spec.commandLine().getOut();
      Optional<List<String>> names = names();
      if (names.isPresent() && !names.get().contains(name)) {
        throw new StartFailed(
            "There is no model %s. The sync keeps %s."
                .formatted(name, names.get().isEmpty() ? "none" : String.join(", ", names.get())));
      }
      if (names.isEmpty()) {
        out.println("-- No sync answers at this address; the model's name was not checked.");
      }
      out.print(SourceObjects.release(name));
      out.flush();
      return 0;
    }

    /** Empty when no sync can be asked: the SQL is needed then, too. */
    private Optional<List<String>> names() throws InterruptedException {
      try {
        return Optional.of(sync.names());
      } catch (StartFailed e) {
        return Optional.empty();
      }
    }
  }
}
