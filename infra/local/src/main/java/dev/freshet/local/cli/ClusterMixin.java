package dev.freshet.local.cli;

import dev.freshet.cluster.ClusterOptions;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options of the embedded cluster. */
final class ClusterMixin {

  static final int USUAL_REPLICAS = 2;
  static final int USUAL_READ_DATABASES = 1;

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
      defaultValue = "" + USUAL_REPLICAS)
  private int replicas = USUAL_REPLICAS;

  @Option(
      names = "--read-databases",
      paramLabel = "N",
      description =
          "Read databases, kept in step by change data capture (default: ${DEFAULT-VALUE}).",
      defaultValue = "" + USUAL_READ_DATABASES)
  private int readDatabases = USUAL_READ_DATABASES;

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
