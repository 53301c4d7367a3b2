package dev.freshet.local.cli;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.PostgresServer;
import dev.freshet.local.system.Logging;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "database",
    description = "Runs the embedded PostgreSQL cluster alone, until Ctrl-C.")
final class DatabaseCommand implements Callable<Integer> {

  @Mixin private ClusterMixin options = new ClusterMixin();

  @Mixin private LogFormat log = new LogFormat();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    ClusterOptions wanted = options.options();
    System.setProperty(
        Logging.FILE, wanted.data().resolve("logs").resolve("freshet.log").toString());
    Logging.toFile(log.format());
    UntilStopped.run(() -> Cluster.start(wanted), cluster -> table(out, cluster));
    return 0;
  }

  private static void table(PrintWriter out, Cluster cluster) {
    List<PostgresServer> servers = new ArrayList<>();
    servers.add(cluster.primary());
    servers.addAll(cluster.replicas());
    servers.addAll(cluster.readDatabases());
    out.println();
    servers.forEach(server -> out.printf("  %-14s %s%n", server.id(), server.url()));
    out.printf("  %-14s %s%n", "psql", UpCommand.psql(cluster.primary(), cluster.data().pgpass()));
    out.println();
    out.println("ready. Stop with Ctrl-C.");
    out.flush();
  }
}
