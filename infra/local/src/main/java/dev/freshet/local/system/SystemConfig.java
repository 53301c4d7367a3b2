package dev.freshet.local.system;

import dev.freshet.cluster.DataFolder;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.SyncRefused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A configuration folder: {@code routes.yaml}, {@code models/}, {@code schema/}, {@code
 * freshet.yaml}, each optional.
 *
 * @param folder the folder
 * @param restaurant whether the sample's write-backend is wanted
 * @param routes the routes file: the folder's own, or one made from its models
 */
record SystemConfig(Path folder, boolean restaurant, Path routes) {

  /**
   * Makes sure that there is such a folder.
   *
   * @throws StartFailed when there is none
   */
  static void requireFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new StartFailed(
          "There is no configuration folder %s. Name one with --config, or leave the option out for the sample."
              .formatted(folder));
    }
  }

  /** Reads a folder. */
  static SystemConfig read(Path folder, boolean restaurant, DataFolder data) {
    Path own = folder.resolve("routes.yaml");
    return new SystemConfig(
        folder, restaurant, Files.exists(own) ? own : madeRoutes(folder, restaurant, data));
  }

  Path models() {
    return folder.resolve("models");
  }

  /** Whether there is a model at all; without one nothing needs to be kept in step. */
  boolean hasModels() {
    return !modelNames(models()).isEmpty();
  }

  /** The roles that the models' files name. What can't be read names none: the sync says why. */
  Set<String> roles() {
    Set<String> roles = new TreeSet<>();
    if (hasModels()) {
      for (ModelFiles.Declared declared : ModelFiles.read(models()).values()) {
        try {
          roles.addAll(declared.model().audience().roles());
        } catch (SyncRefused e) {
          // Passed over.
        }
      }
    }
    return roles;
  }

  Path schema() {
    return folder.resolve("schema");
  }

  /** Routes every model's path to what was started. */
  private static Path madeRoutes(Path folder, boolean restaurant, DataFolder data) {
    String write = restaurant ? ", write: { pool: writers }" : "";
    String routes =
        modelNames(folder.resolve("models")).stream()
            .map(
                model ->
                    "  - { id: %1$s, path: '/%1$s/**', read: { pool: readers }%2$s }"
                        .formatted(model, write))
            .collect(Collectors.joining("\n"));
    Path file = data.path().resolve("routes.yaml");
    try {
      Files.writeString(
          file, "version: 1\nroutes:%s\n".formatted(routes.isEmpty() ? " []" : "\n" + routes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private static List<String> modelNames(Path models) {
    if (!Files.isDirectory(models)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(models)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".sql"))
          .map(name -> name.replaceFirst("\\.sql$", ""))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
