package dev.freshet.local.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line as a whole. */
@Command(
    name = "freshet",
    description =
        "CQRS on PostgreSQL with read-your-writes kept: a gateway, replicas, and read models kept"
            + " in step.",
    mixinStandardHelpOptions = true,
    versionProvider = Commands.Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Commands implements Runnable {

  private static final String OURS = "dev.freshet.";

  /** So that the longest description with its default stands on one line. */
  private static final int HELP_WIDTH = 140;

  @Spec private CommandSpec spec;

  private Commands() {}

  /**
   * Puts the command line together.
   *
   * @param arguments as they will be run, to find the configuration folder
   * @param sample configuration folder of the sample
   */
  public static CommandLine commandLine(
      String[] arguments, Path sample, Function<String, @Nullable String> environment) {
    Path config = config(arguments, sample, environment);
    Settings settings = Settings.of(config, environment);
    CommandLine commands =
        new CommandLine(new Commands())
            .addSubcommand(new UpCommand())
            .addSubcommand(new DatabaseCommand())
            .addSubcommand(new PartCommands.GatewayCommand())
            .addSubcommand(new PartCommands.WriteCommand())
            .addSubcommand(new PartCommands.ReadCommand())
            .addSubcommand(new SyncCommands.Sync())
            .addSubcommand(new PublishCommand())
            .addSubcommand(new FollowCommand())
            .addSubcommand(new LogCommands.All())
            .addSubcommand(new StatusCommand())
            .addSubcommand(new RoutesCommands.All())
            .addSubcommand(new ModelsCommands.Models())
            .addSubcommand(new DeclaredCommands.All())
            .addSubcommand(new EventsCommands.All())
            .addSubcommand(new InitCommand())
            .addSubcommand(new HelpCommand());
    offerHelp(commands);
    commands.setDefaultValueProvider(
        argument -> {
          String given = settings.defaultValue(argument);
          boolean isSample =
              given == null
                  && argument.paramLabel().equals("DIR")
                  && argument instanceof CommandLine.Model.OptionSpec option
                  && option.longestName().equals("--config")
                  && option.command().name().equals("up");
          return isSample ? sample.toString() : given;
        });
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.setUsageHelpWidth(HELP_WIDTH);
    commands.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          PrintWriter err = command.getErr();
          err.println(command.getColorScheme().errorText(sentence(failure)));
          err.flush();
          if (!isExplained(failure)) {
            LoggerFactory.getLogger(Commands.class).error("The command failed", failure);
          }
          return CommandLine.ExitCode.SOFTWARE;
        });
    return commands;
  }

  /** {@code -h} and {@code --help} with every command and its subcommands. */
  private static void offerHelp(CommandLine command) {
    for (CommandLine subcommand : command.getSubcommands().values()) {
      if (subcommand.getCommandSpec().findOption("--help") == null) {
        subcommand
            .getCommandSpec()
            .addOption(
                CommandLine.Model.OptionSpec.builder("-h", "--help")
                    .usageHelp(true)
                    .description("Shows this help.")
                    .build());
      }
      offerHelp(subcommand);
    }
  }

  private static Path config(
      String[] arguments, Path sample, Function<String, @Nullable String> environment) {
    List<String> given = Arrays.asList(arguments);
    int at = given.indexOf("--config");
    if (at >= 0 && at + 1 < given.size()) {
      return Path.of(given.get(at + 1));
    }
    for (String argument : given) {
      if (argument.startsWith("--config=")) {
        return Path.of(argument.substring("--config=".length()));
      }
    }
    String variable = environment.apply("FRESHET_CONFIG");
    return variable == null ? sample : Path.of(variable);
  }

  /** What the innermost cause says: ours are sentences, others' are the best there is. */
  private static String sentence(Throwable failure) {
    Throwable told = failure;
    while (told.getCause() != null && !isOurs(told)) {
      told = told.getCause();
    }
    String message = told.getMessage();
    return message == null ? told.toString() : message;
  }

  /** Whether the sentence says it all; a fault of ours needs its trace. */
  private static boolean isExplained(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (isOurs(cause) || cause instanceof IllegalArgumentException) {
        return true;
      }
    }
    return false;
  }

  /** Of a class of ours, or an argument that we have refused with a sentence. */
  private static boolean isOurs(Throwable failure) {
    StackTraceElement[] thrown = failure.getStackTrace();
    return failure.getClass().getName().startsWith(OURS)
        || (failure instanceof IllegalArgumentException
            && thrown.length > 0
            && thrown[0].getClassName().startsWith(OURS));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  /** The version in the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Commands.class.getPackage().getImplementationVersion();
      return new String[] {"freshet " + (version == null ? "(not packaged)" : version)};
    }
  }
}
