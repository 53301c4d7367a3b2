package dev.freshet.local.cli;

import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.sync.SourceObjects;
import dev.freshet.sync.log.LogAddress;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A sync alone, and what it needs and leaves on the source. */
final class SyncCommands {

  private SyncCommands() {}

  /** Which read database is meant, and so which slot and publication. */
  static final class Target {

    @Option(
        names = "--read-database",
        paramLabel = "URL",
        description = "The database to keep in step.")
    private @Nullable String readDatabase;

    @Option(
        names = "--id",
        description = "The read database's name; slot and publication are freshet_ID.")
    private @Nullable String id;

    String slot(CommandSpec spec) {
      if (readDatabase == null && id == null) {
        throw missing(spec, "--read-database=URL or --id=NAME");
      }
      return SourceObjects.slotName(readDatabase == null ? "" : readDatabase, id == null ? "" : id);
    }
  }

  private static ParameterException missing(CommandSpec spec, String option) {
    return new ParameterException(spec.commandLine(), "Missing required option: " + option);
  }

  private static String required(CommandSpec spec, @Nullable String value, String option) {
    if (value == null) {
      throw missing(spec, option);
    }
    return value;
  }

  @Command(
      name = "sync",
      description = "Keeps the read models of a folder in step, until Ctrl-C.",
      subcommands = {Setup.class, Remove.class})
  static final class Sync implements Callable<Integer> {

    @Mixin private PartMixin part = new PartMixin();

    @Mixin private PasswordFile password = new PasswordFile();

    @Mixin private Target target = new Target();

    @Option(
        names = "--primary",
        paramLabel = "URL",
        description = "The source, PostgreSQL 14 or later with wal_level=logical.")
    private @Nullable String primary;

    @Option(
        names = "--log",
        paramLabel = "kafka://HOST:PORT/NAME",
        description = "Follows a log that freshet publish writes, instead of the primary.")
    private @Nullable String log;

    @Option(
        names = "--seed",
        paramLabel = "URL",
        description = {
          "With --log: another read database that follows the log, or the primary, to copy tables from.",
          "Several are asked in this order."
        })
    private List<String> seeds = List.of();

    @Mixin private BrokerClient client = new BrokerClient();

    @Option(
        names = "--models",
        paramLabel = "DIR",
        description = "Folder with the models, NAME.sql each.")
    private @Nullable Path models;

    @Option(
        names = "--views",
        description = "Also installs the models as views in schema read of the source.",
        defaultValue = "false")
    private boolean views;

    @Option(names = "--port", description = "Default: ${DEFAULT-VALUE}.", defaultValue = "8110")
    private int port;

    @Mixin private OperatorToken operatorToken = new OperatorToken();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      OperatorGate.check(
          PartMixin.address(part.listen(), "--listen").getHostAddress(), operatorToken.text());
      Map<String, String> settings = new HashMap<>(client.settings());
      putSource(settings);
      settings.put(
          "freshet.sync.read-database",
          password.withPassword(required(spec, target.readDatabase, "--read-database=URL")));
      if (models == null) {
        throw missing(spec, "--models=DIR");
      }
      settings.put("freshet.sync.models", models.toAbsolutePath().toString());
      settings.put("freshet.operator-token", operatorToken.text());
      settings.put("freshet.sync.views", Boolean.toString(views));
      if (target.id != null) {
        settings.put("freshet.sync.id", target.id);
      }
      part.run(PartKind.SYNC, port, settings);
      return 0;
    }

    private void putSource(Map<String, String> settings) {
      String followed = log;
      if (followed == null) {
        if (!seeds.isEmpty()) {
          throw new ParameterException(
              spec.commandLine(), "--seed is for a sync that follows a log; add --log.");
        }
        settings.put(
            "freshet.sync.primary",
            password.withPassword(
                required(spec, primary, "--primary=URL or --log=kafka://HOST:PORT/NAME")));
        return;
      }
      if (primary != null || views) {
        throw new ParameterException(
            spec.commandLine(),
            "A sync with --log makes no connection to the primary. Leave out --primary and --views: --seed names the primary to copy rows from, and freshet publish --models makes the views.");
      }
      settings.put("freshet.sync.log", LogAddress.parse(followed).toString());
      for (int i = 0; i < seeds.size(); i++) {
        settings.put("freshet.sync.seed[%d]".formatted(i), password.withPassword(seeds.get(i)));
      }
    }
  }

  @Command(
      name = "setup",
      description = "Prints the SQL that makes what a sync needs on the source.")
  static final class Setup implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Option(
        names = "--print",
        description = "Prints it; nothing is ever run, so this is what setup does anyway.")
    @SuppressWarnings("UnusedVariable") // for those who read the command aloud
    private boolean print;

    @Option(
        names = "--models",
        paramLabel = "DIR",
        description = "Folder with the models, NAME.sql each.")
    private @Nullable Path models;

    @Option(names = "--views", description = "With what --views needs.")
    private boolean views;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      if (models == null) {
        throw missing(spec, "--models=DIR");
      }
      PrintWriter out = spec.commandLine().getOut();
      out.print(SourceObjects.setup(models, target.slot(spec), views));
      out.flush();
      return 0;
    }
  }

  @Command(
      name = "remove",
      description = "Takes slot, publication and views away from the source again.")
  static final class Remove implements Callable<Integer> {

    @Mixin private PasswordFile password = new PasswordFile();

    @Mixin private Target target = new Target();

    @Option(names = "--primary", paramLabel = "URL", description = "The source.")
    private @Nullable String primary;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      String slot = target.slot(spec);
      PostgresUrl url =
          PostgresUrl.parse(password.withPassword(required(spec, primary, "--primary=URL")));
      PrintWriter out = spec.commandLine().getOut();
      try {
        SourceObjects.Removal removal = SourceObjects.remove(url, slot);
        removal.removed().forEach(what -> out.println("removed " + what));
        if (removal.removed().isEmpty()) {
          out.printf("nothing to remove: %s has no slot or publication %s%n", url, slot);
        }
        if (removal.viewsStay()) {
          out.println(
              "The views in schema read stay: another Freshet slot in this database may need them.");
        }
        out.flush();
        return 0;
      } catch (SQLException e) {
        throw new StartFailed(
            "The source %s can't be reached: %s. Name it with --primary."
                .formatted(url, String.valueOf(e.getMessage()).replaceFirst("\\.$", "")),
            e);
      }
    }
  }
}
