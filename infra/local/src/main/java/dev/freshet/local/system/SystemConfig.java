package dev.freshet.local.system;

import dev.freshet.cluster.DataFolder;
import dev.freshet.sync.model.ModelFiles;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.write.declaration.CommandFiles;
import dev.freshet.write.declaration.Declaration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A configuration folder: {@code routes.yaml}, {@code models/}, {@code commands/}, {@code schema/},
 * {@code freshet.yaml}, each optional.
 *
 * @param folder the folder
 * @param routes the routes file: the folder's own, or one made from its models
 */
record SystemConfig(Path folder, Path routes) {

  private static final String READ = "read: { pool: readers }";
  private static final String WRITE = "write: { pool: writers }";

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
  static SystemConfig read(Path folder, DataFolder data) {
    Path own = folder.resolve("routes.yaml");
    return new SystemConfig(folder, Files.exists(own) ? own : madeRoutes(folder, data));
  }

  Path models() {
    return folder.resolve("models");
  }

  /** Whether there is a model at all; without one nothing needs to be kept in step. */
  boolean hasModels() {
    return !names(models()).isEmpty();
  }

  Path commands() {
    return folder.resolve("commands");
  }

  /** Whether there is a command at all; without one there is nothing for a write-backend. */
  boolean hasCommands() {
    return hasCommands(folder);
  }

  /** The same of any folder. */
  static boolean hasCommands(Path folder) {
    return !names(folder.resolve("commands")).isEmpty();
  }

  /** Those that can be read: the write-backend says what is wrong with the others. */
  private static Collection<Declaration> declared(Path folder) {
    try {
      return hasCommands(folder)
          ? CommandFiles.read(CommandFiles.texts(folder.resolve("commands"))).declared().values()
          : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The roles that the files of models and commands name. What can't be read names none: the sync
   * says why.
   */
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
    for (Declaration command : declared(folder)) {
      if (command.rules().role() != null) {
        roles.add(command.rules().role());
      }
    }
    return roles;
  }

  Path schema() {
    return folder.resolve("schema");
  }

  /** Routes every model's and every command's path to what was started. */
  private static Path madeRoutes(Path folder, DataFolder data) {
    boolean writes = hasCommands(folder);
    Set<String> models = new TreeSet<>(names(folder.resolve("models")));
    Map<String, String> paths = new TreeMap<>();
    models.forEach(model -> paths.put("/%s/**".formatted(model), READ));
    for (Declaration command : declared(folder)) {
      String first = command.path().getPatternString().split("/", 3)[1];
      paths.merge(
          first.contains("{") ? command.path().getPatternString() : "/%s/**".formatted(first),
          WRITE,
          (read, write) -> read.contains(WRITE) ? read : read + ", " + write);
    }
    if (writes) {
      paths.replaceAll((path, pools) -> pools.equals(READ) ? READ + ", " + WRITE : pools);
    }
    StringBuilder routes = new StringBuilder();
    int number = 0;
    for (Map.Entry<String, String> path : paths.entrySet()) {
      String name = path.getKey().replaceAll("[^A-Za-z0-9_-]", "");
      routes.append(
          "\n  - { id: %s, path: '%s', %s }"
              .formatted(
                  models.contains(name) ? name : "route-" + ++number,
                  path.getKey(),
                  path.getValue()));
    }
    Path file = data.path().resolve("routes.yaml");
    try {
      Files.writeString(
          file, "version: 1\nroutes:%s\n".formatted(routes.isEmpty() ? " []" : routes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private static List<String> names(Path sqlFiles) {
    if (!Files.isDirectory(sqlFiles)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(sqlFiles)) {
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
