package dev.freshet.local.cli;

import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.runtime.OperatorGate;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.SyncRefused;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A follower alone. */
@Command(
    name = "follow",
    description = "Keeps a search store in step with a read database, until Ctrl-C.")
final class FollowCommand implements Callable<Integer> {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final int MOST_REPLICAS = 9;

  @Mixin private PartMixin part = new PartMixin();

  @Mixin private PasswordFile password = new PasswordFile();

  @Option(
      names = "--read-database",
      paramLabel = "URL",
      required = true,
      description = "The read database that a sync keeps in step.")
  private String readDatabase = "";

  @Mixin private SearchStoreOptions store = new SearchStoreOptions();

  @Option(
      names = "--search",
      paramLabel = "URL",
      required = true,
      description = "The store, http://HOST:PORT, or several nodes of it, separated by commas.")
  private String search = "";

  @Option(
      names = "--models",
      paramLabel = "DIR",
      required = true,
      description = "Folder with the models; those with stores: [search] are in the store.")
  private Path models = Path.of("");

  @Option(
      names = "--name",
      description = "The store's name in the read database (default: ${DEFAULT-VALUE}).",
      defaultValue = "search")
  private String name = "";

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Copies of each index beside its own (default: ${DEFAULT-VALUE}).",
      defaultValue = "0")
  private int replicas;

  @Option(
      names = "--pause",
      paramLabel = "TIME",
      description =
          "How long it gathers changes between two batches, at least (default: ${DEFAULT-VALUE}).",
      converter = Quantities.Delay.class,
      defaultValue = "100ms")
  private Duration pause = Duration.ZERO;

  @Option(names = "--port", description = "Default: ${DEFAULT-VALUE}.", defaultValue = "8120")
  private int port;

  @Mixin private OperatorToken operatorToken = new OperatorToken();

  @Override
  public Integer call() {
    OperatorGate.check(
        PartMixin.address(part.listen(), "--listen").getHostAddress(), operatorToken.text());
    if (!NAME.matcher(name).matches()) {
      throw new StartFailed(
          "--name takes up to 63 letters, digits, '.', '_' and '-', as in search-eu, and not '%s'."
              .formatted(name));
    }
    if (replicas < 0 || replicas > MOST_REPLICAS) {
      throw new StartFailed(
          "--replicas takes 0 to %d, and not %d.".formatted(MOST_REPLICAS, replicas));
    }
    Map<String, String> settings = new HashMap<>(store.settings("freshet.follow", search));
    requireModels();
    settings.put("freshet.follow.read-database", password.withPassword(readDatabase));
    settings.put("freshet.follow.search", search);
    settings.put("freshet.follow.store", name);
    settings.put("freshet.follow.replicas", Integer.toString(replicas));
    settings.put("freshet.follow.pause", pause.toString());
    settings.put("freshet.operator-token", operatorToken.text());
    part.run(PartKind.FOLLOW, port, settings);
    return 0;
  }

  /** What is followed is what the read database's models say; this is to say it early. */
  private void requireModels() {
    try {
      boolean isNoneStored =
          ModelFiles.read(models).values().stream()
              .allMatch(declared -> storesOf(declared).isEmpty());
      if (isNoneStored) {
        System.err.printf(
            "No model in %s says stores: [search], so the store stays empty. It is followed as soon as one does.%n",
            models);
      }
    } catch (SyncRefused e) {
      throw new StartFailed(String.valueOf(e.getMessage()), e);
    }
  }

  private static List<String> storesOf(ModelFiles.Declared declared) {
    try {
      return declared.model().stores();
    } catch (SyncRefused e) {
      return List.of(); // the sync says so
    }
  }
}
