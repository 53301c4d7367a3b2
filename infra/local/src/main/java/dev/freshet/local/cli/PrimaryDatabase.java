package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.postgres.PostgresUrl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The primary that a command is for: one that is named, or that of {@code ./freshet up}. */
final class PrimaryDatabase {

  private static final int USUAL_PORT = 5440;

  @Option(
      names = "--primary",
      paramLabel = "URL",
      description =
          "The database: postgresql://USER@HOST:PORT/DATABASE (default: the primary of ./freshet up).")
  private @Nullable String url;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Data folder of ./freshet up, for its password (default: ${DEFAULT-VALUE}).",
      defaultValue = ".freshet")
  private Path data = Path.of(".freshet");

  @Mixin private PasswordFile password = new PasswordFile();

  Connection connect() throws SQLException {
    String named = url;
    PostgresUrl primary = named == null ? ofUp() : PostgresUrl.parse(withPassword(named));
    return DriverManager.getConnection(primary.jdbcUrl(), primary.user(), primary.password());
  }

  /** A URL with its password, wherever that is kept. */
  String withPassword(String of) {
    return password.withPassword(of);
  }

  /** Where the primary listens, or did when it ran last; after a promotion that is another one. */
  private int port() {
    try (Stream<Path> servers = Files.list(data)) {
      return servers
          .filter(server -> String.valueOf(server.getFileName()).matches("primary|replica-\\d+"))
          .filter(server -> !Files.exists(server.resolve("standby.signal")))
          .map(server -> server.resolve("postmaster.pid"))
          .filter(Files::exists)
          .map(PrimaryDatabase::port)
          .findFirst()
          .orElse(USUAL_PORT);
    } catch (IOException e) {
      return USUAL_PORT;
    }
  }

  /** The fourth line of the file is the port, as PostgreSQL documents it. */
  private static int port(Path pidFile) {
    try {
      return Integer.parseInt(Files.readAllLines(pidFile).get(3).strip());
    } catch (IOException | RuntimeException e) {
      return USUAL_PORT; // it is being written, or was left behind
    }
  }

  private PostgresUrl ofUp() {
    Path pgpass = data.resolve("pgpass");
    try {
      String[] fields = Files.readString(pgpass).lines().findFirst().orElse("").split(":", 5);
      if (fields.length == 5) {
        return PostgresUrl.parse("postgresql://postgres@127.0.0.1:%d/freshet".formatted(port()))
            .withPassword(fields[4]);
      }
    } catch (IOException e) {
      // Named below.
    }
    throw new StartFailed(
        "There is no %s with the password of ./freshet up. Name a database with --primary."
            .formatted(pgpass));
  }
}
