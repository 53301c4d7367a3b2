package dev.freshet.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that a replica that was promoted while the cluster ran is its primary from the next
 * start on. The former primary's folder is kept beside it: it may hold what the new one lacks.
 */
final class Succession {

  private static final Logger log = LoggerFactory.getLogger(Succession.class);

  private static final String PRIMARY = "primary";

  private Succession() {}

  /**
   * Looks into the folders of servers that are stopped, and moves them where a replica was
   * promoted.
   *
   * @return what was done, in a sentence; empty when nothing was
   */
  static Optional<String> settle(Path data) {
    try {
      Optional<Path> promoted = promoted(data);
      if (promoted.isEmpty()) {
        return Optional.empty();
      }
      Path former = data.resolve("former-primary-" + (timeline(promoted.get()) - 1));
      if (Files.exists(data.resolve(PRIMARY)) && Files.exists(former)) {
        throw new ClusterException(
            "%s was promoted, and %s is there already, of a promotion before. Move it away, then start again."
                .formatted(promoted.get().getFileName(), former));
      }
      if (Files.exists(data.resolve(PRIMARY))) {
        Files.move(data.resolve(PRIMARY), former, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(promoted.get(), data.resolve(PRIMARY), StandardCopyOption.ATOMIC_MOVE);
      String done =
          "%s was promoted, and is the primary now. What the former primary had is kept in %s; delete it once you miss nothing of it."
              .formatted(promoted.get().getFileName(), former);
      log.warn(done);
      return Optional.of(done);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The replica on the latest timeline that is none any more; also where a move was cut short. */
  private static Optional<Path> promoted(Path data) throws IOException {
    if (!Files.exists(data.resolve(PRIMARY)) && !hasFormerPrimary(data)) {
      return Optional.empty();
    }
    int known = Files.exists(data.resolve(PRIMARY)) ? timeline(data.resolve(PRIMARY)) : 0;
    try (Stream<Path> folders = Files.list(data)) {
      return folders
          .filter(folder -> folder.getFileName().toString().matches("replica-\\d+"))
          .filter(folder -> Files.exists(folder.resolve("PG_VERSION")))
          .filter(folder -> !Files.exists(folder.resolve("standby.signal")))
          .filter(folder -> timeline(folder) > known)
          .max(Comparator.comparingInt(Succession::timeline));
    }
  }

  private static boolean hasFormerPrimary(Path data) throws IOException {
    try (DirectoryStream<Path> former = Files.newDirectoryStream(data, "former-primary-*")) {
      return former.iterator().hasNext();
    }
  }

  /** The latest timeline that a server's folder knows of: each but the first has a history file. */
  private static int timeline(Path server) {
    Path folder = server.resolve("pg_wal");
    if (!Files.isDirectory(folder)) {
      return 1;
    }
    try (Stream<Path> log = Files.list(folder)) {
      return log.map(file -> file.getFileName().toString())
          .filter(name -> name.matches("[0-9A-F]{8}\\.history"))
          .mapToInt(name -> Integer.parseInt(name.substring(0, 8), 16))
          .max()
          .orElse(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
