package dev.freshet.cluster;

import java.nio.file.Path;

/**
 * What cluster to run, and where.
 *
 * @param data the data folder; made when absent, with mode 0700
 * @param replicas number of streaming replicas, 0 to 19
 * @param readDatabases number of read databases, 0 to 20
 * @param portBase port of the primary; replicas listen from the next one on, read databases from
 *     {@value #READ_DATABASE_OFFSET} past it
 * @param durable whether commits are flushed to disk; only tests say no
 */
public record ClusterOptions(
    Path data, int replicas, int readDatabases, int portBase, boolean durable) {

  private static final int READ_DATABASE_OFFSET = 20;
  private static final int MAX_REPLICAS = 19;
  private static final int MAX_READ_DATABASES = 20;
  private static final int HIGHEST_PORT = 65_535;

  public ClusterOptions {
    if (replicas < 0 || replicas > MAX_REPLICAS) {
      throw new IllegalArgumentException(
          "A cluster has 0 to %d replicas, not %d".formatted(MAX_REPLICAS, replicas));
    }
    if (readDatabases < 0 || readDatabases > MAX_READ_DATABASES) {
      throw new IllegalArgumentException(
          "A cluster has 0 to %d read databases, not %d"
              .formatted(MAX_READ_DATABASES, readDatabases));
    }
    if (portBase < 1 || portBase + READ_DATABASE_OFFSET + readDatabases > HIGHEST_PORT) {
      throw new IllegalArgumentException(
          "The database ports from %d on don't exist; choose a base between 1 and %d"
              .formatted(portBase, HIGHEST_PORT - READ_DATABASE_OFFSET - MAX_READ_DATABASES));
    }
    data = data.toAbsolutePath().normalize();
  }

  int replicaPort(int number) {
    return portBase + number;
  }

  int readDatabasePort(int number) {
    return portBase + READ_DATABASE_OFFSET + number - 1;
  }
}
