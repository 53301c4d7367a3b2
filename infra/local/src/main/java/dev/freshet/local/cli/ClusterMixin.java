package dev.freshet.local.cli;

import dev.freshet.cluster.ClusterOptions;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options of the embedded cluster. */
final class ClusterMixin {

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder for data, logs and password (default: ${DEFAULT-VALUE}).",
      defaultValue = ".freshet")
  private Path data = Path.of(".freshet");

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Streaming replicas (default: ${DEFAULT-VALUE}).",
      defaultValue = "2")
  private int replicas = 2;

  @Option(
      names = "--read-databases",
      paramLabel = "N",
      description =
          "Read databases, kept in step by change data capture (default: ${DEFAULT-VALUE}).",
      defaultValue = "1")
  private int readDatabases = 1;

  @Option(
      names = "--database-port-base",
      paramLabel = "PORT",
      description = "Port of the primary; all databases move with it (default: ${DEFAULT-VALUE}).",
      defaultValue = "5440")
  private int databasePortBase = 5440;

  ClusterOptions options() {
    return new ClusterOptions(data, replicas, readDatabases, databasePortBase, true);
  }
}
