package dev.freshet.write;

import dev.freshet.cluster.PostgresServer;
import java.nio.file.Path;
import org.flywaydb.core.Flyway;

/** The sample, as a folder. */
final class Restaurant {

  static final Path FOLDER = Path.of("../infra/restaurant");

  static final Path COMMANDS = FOLDER.resolve("commands");

  private Restaurant() {}

  static void migrate(PostgresServer primary) {
    new Migrations(
            Flyway.configure()
                .dataSource(primary.url().jdbcUrl(), primary.url().user(), primary.url().password())
                .locations("filesystem:" + FOLDER.resolve("schema"))
                .load(),
            "the restaurant")
        .run();
  }
}
