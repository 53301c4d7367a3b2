package dev.freshet.local.system;

import dev.freshet.cluster.ClusterOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What system to run.
 *
 * @param cluster its databases
 * @param portBase the gateway's port; all others lie at fixed distances from it
 * @param processes whether each part gets a JVM of its own
 * @param accessLog whether the gateway writes a line for each request
 * @param config the configuration folder
 * @param broker the broker between primary and read databases; null for none
 * @param search whether a search store is started, and kept in step with the first read database
 * @param settings of all parts alike, by full name
 */
public record SystemOptions(
    ClusterOptions cluster,
    int portBase,
    boolean processes,
    boolean accessLog,
    Path config,
    @Nullable BrokerChoice broker,
    boolean search,
    Map<String, String> settings) {

  private static final int HIGHEST_OFFSET = 200;
  private static final int HIGHEST_PORT = 65_535;

  public SystemOptions {
    if (portBase < 1 || portBase + HIGHEST_OFFSET > HIGHEST_PORT) {
      throw new IllegalArgumentException(
          "The ports from %d on don't exist; choose a base between 1 and %d"
              .formatted(portBase, HIGHEST_PORT - HIGHEST_OFFSET));
    }
    settings = Map.copyOf(settings);
    config = config.toAbsolutePath().normalize();
  }

  public int gatewayPort() {
    return portBase;
  }

  public int operatorPort() {
    return portBase + 1;
  }

  /** The keys with which the gateway tells the backends what it verified. */
  Path claimsKey() {
    return cluster.data().resolve("claims-keys");
  }

  /** The roles of the backends' settings, beside those that files name. */
  Set<String> rolesBeside(Set<String> ofFiles) {
    Set<String> roles = new TreeSet<>(ofFiles);
    for (String setting :
        List.of("freshet.read.role", "freshet.read.roles", "freshet.write.role")) {
      Arrays.stream(settings.getOrDefault(setting, "").split(",", -1))
          .map(String::strip)
          .filter(role -> !role.isEmpty())
          .forEach(roles::add);
    }
    return roles;
  }

  int writePort() {
    return portBase + 10;
  }

  /** Of each publisher, counted from 1. */
  int publishPort(int number) {
    return portBase + 24 + number;
  }

  /** Of the REST API of each worker of Kafka Connect, counted from 1. */
  int connectPort(int number) {
    return portBase + 2 + number;
  }

  /** Where the broker that {@code up} runs listens; the next one is its controller's. */
  int brokerPort() {
    return cluster.portBase() + 50;
  }

  /** Where the search store that {@code up} runs listens. */
  public int searchPort() {
    return cluster.portBase() + 55;
  }

  int followPort() {
    return portBase + 40;
  }

  int syncPort(int number) {
    return portBase + 29 + number;
  }

  int readPort(int number) {
    return portBase + 120 + number;
  }
}
