package dev.freshet.local.system;

import dev.freshet.cluster.PostgresServer;
import dev.freshet.runtime.watch.Watch;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Tells when a PostgreSQL server of the system's own has ended unasked, and when it runs again. */
final class ServersWatch implements AutoCloseable {

  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

  private final List<PostgresServer> servers;
  private final Consumer<String> report;
  private final Watch watch = new Watch("servers-watch", LOOK_EVERY, this::look);

  /** Touched on the watch's thread alone. */
  private final Set<PostgresServer> ended = new HashSet<>();

  /**
   * Looks from now on.
   *
   * @param servers which run
   * @param report takes a sentence on each that has ended, or runs again
   */
  ServersWatch(List<PostgresServer> servers, Consumer<String> report) {
    this.servers = servers;
    this.report = report;
    watch.start();
  }

  private void look() {
    for (PostgresServer server : servers) {
      if (server.process().isPresent()) {
        if (ended.remove(server)) {
          report.accept("PostgreSQL %s runs again.".formatted(server.id()));
        }
      } else if (ended.add(server)) {
        server.awaitRelease(); // else the command that follows would be refused
        report.accept(
            "PostgreSQL %s has ended unasked; the others go on. Its log is %s. Start it again with: %s"
                .formatted(
                    server.id(),
                    server.log(),
                    server.startCommand().stream()
                        .map(Shell::word)
                        .collect(Collectors.joining(" "))));
      }
    }
  }

  @Override
  public void close() {
    watch.close();
  }
}
