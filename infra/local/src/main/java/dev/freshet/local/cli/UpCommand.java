package dev.freshet.local.cli;

import dev.freshet.cluster.PostgresServer;
import dev.freshet.local.system.BrokerChoice;
import dev.freshet.local.system.LocalSystem;
import dev.freshet.local.system.Logging;
import dev.freshet.local.system.OpenFiles;
import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.PartSpec;
import dev.freshet.local.system.Shell;
import dev.freshet.local.system.SystemOptions;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "up",
    description = "Runs the whole system, embedded PostgreSQL included, until Ctrl-C.")
final class UpCommand implements Callable<Integer> {

  /** What {@code --broker} says without a value, and may say with one. */
  private static final String OWN_BROKER = "true";

  private static final double MILLIS_PER_SECOND = 1_000;

  /** All parts in one JVM have 450 open when nobody uses them. */
  private static final long LEAST_FILES = 1_024;

  @Mixin private ClusterMixin cluster = new ClusterMixin();

  @Mixin private LogFormat log = new LogFormat();

  @Mixin private Access access = new Access();

  @Mixin private OperatorHosts operatorHosts = new OperatorHosts();

  @Option(
      names = "--processes",
      description = "Runs one JVM a part instead of one for all.",
      defaultValue = "false")
  private boolean processes;

  @Option(
      names = "--port-base",
      paramLabel = "PORT",
      description = "Port of the gateway; all parts move with it (default: ${DEFAULT-VALUE}).",
      defaultValue = "8080")
  private int portBase = 8080;

  @Option(
      names = "--config",
      paramLabel = "DIR",
      description = "Configuration folder (default: the sample, a restaurant).")
  private Path config = Path.of(".");

  @Option(
      names = "--broker",
      paramLabel = "HOST:PORT",
      arity = "0..1",
      fallbackValue = OWN_BROKER,
      description = {
        "Has the read databases follow a log on Kafka instead of a slot each: on a node that is",
        "started, too, or on the named brokers."
      })
  private @Nullable String broker;

  @Option(
      names = "--connect",
      description = {
        "Has Kafka Connect publish, in two workers that are started, too: one publishes, and one",
        "stands by. Means --broker."
      },
      defaultValue = "false")
  private boolean connect;

  @Option(
      names = "--search",
      description = {
        "Keeps models that say stores: [search] in a search store, too: OpenSearch, which is",
        "started with the system."
      },
      defaultValue = "false")
  private boolean search;

  @Mixin private BrokerClient client = new BrokerClient();

  @Mixin private TopicOptions topics = new TopicOptions();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    OpenFiles.require(LEAST_FILES);
    SystemOptions options =
        new SystemOptions(
            cluster.options(),
            portBase,
            processes,
            access.isLogged(),
            config,
            broker(),
            search,
            operatorHosts.settings());
    PrintWriter out = spec.commandLine().getOut();
    Path logs = options.cluster().data().resolve("logs");
    System.setProperty(Logging.FILE, logs.resolve("freshet.log").toString());
    Logging.toFile(log.format());
    out.printf("Starting. Data is kept in %s, logs are in %s.%n", options.cluster().data(), logs);
    out.flush();
    UntilStopped.run(
        isStopping ->
            LocalSystem.start(
                options,
                sentence -> {
                  out.println(sentence);
                  out.flush();
                },
                isStopping),
        system -> {
          table(out, system);
          out.printf(
              "ready in %.1f s. Stop with Ctrl-C.%n",
              ManagementFactory.getRuntimeMXBean().getUptime() / MILLIS_PER_SECOND);
          out.flush();
        });
    return 0;
  }

  private @Nullable BrokerChoice broker() {
    String named = broker;
    if ((named == null || named.equals("false")) && !connect) {
      if (!topics.topics().isEmpty() || topics.outbox() != null) {
        throw new ParameterException(
            spec.commandLine(), "--topics and --outbox are of a broker; add --broker.");
      }
      return null;
    }
    return new BrokerChoice(
        named == null || named.equals("false") || named.equals(OWN_BROKER) ? null : named,
        client.properties(),
        topics.topics(),
        topics.outbox(),
        connect);
  }

  private static void table(PrintWriter out, LocalSystem system) {
    int gateway = system.options().gatewayPort();
    out.println();
    row(out, "clients", "http://127.0.0.1:" + gateway);
    row(out, "operators", "http://127.0.0.1:%d/".formatted(system.options().operatorPort()));
    for (PartSpec part : system.parts()) {
      if (part.kind() != PartKind.GATEWAY) {
        row(out, part.id(), "http://127.0.0.1:" + part.port());
      }
    }
    system.connect().forEach(worker -> row(out, "Kafka Connect", worker));
    system.atStart().own().forEach((id, what) -> row(out, id, what));
    system.log().ifPresent(log -> row(out, "log", log));
    system.search().ifPresent(store -> row(out, "search store", store));
    row(out, "PostgreSQL", databases(system));
    row(out, "psql", psql(system.cluster().primary(), system.cluster().data().pgpass()));
    out.println();
    system
        .atStart()
        .stopped()
        .forEach((model, why) -> out.printf("Model %s is not kept in step (%s)%n", model, why));
  }

  private static String databases(LocalSystem system) {
    StringBuilder text = new StringBuilder("primary " + system.cluster().primary().port());
    system
        .cluster()
        .replicas()
        .forEach(s -> text.append(", ").append(s.id()).append(' ').append(s.port()));
    system
        .cluster()
        .readDatabases()
        .forEach(s -> text.append(", ").append(s.id()).append(' ').append(s.port()));
    return text.toString();
  }

  static String psql(PostgresServer server, Path pgpass) {
    return "PGPASSFILE=%s psql -h 127.0.0.1 -p %d -U postgres freshet"
        .formatted(Shell.word(pgpass.toString()), server.port());
  }

  private static void row(PrintWriter out, String what, String where) {
    out.printf("  %-14s %s%n", what, where);
  }
}
