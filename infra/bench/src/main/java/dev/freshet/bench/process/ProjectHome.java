package dev.freshet.bench.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The project's root: where the launcher is. */
public final class ProjectHome {

  private ProjectHome() {}

  /**
   * Finds it, from the property {@code freshet.home} or the working folder upwards.
   *
   * @throws IllegalStateException when this is not run within the project
   */
  public static Path path() {
    String said = System.getProperty("freshet.home");
    Path folder = Path.of(said == null ? "" : said).toAbsolutePath();
    while (folder != null && !Files.exists(folder.resolve("infra/restaurant"))) {
      folder = folder.getParent();
    }
    return Optional.ofNullable(folder)
        .orElseThrow(() -> new IllegalStateException("Not run within the project"));
  }
}
