package dev.freshet.write.declaration;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.file.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The commands of a folder.
 *
 * @param declared those that can be read, by name
 * @param broken what is wrong with the others, by name
 */
public record CommandFiles(
    Map<String, Declaration> declared, Map<String, List<FileProblem>> broken) {

  private static final Pattern VARIABLE = Pattern.compile("\\{[^{}]*}");

  public CommandFiles {
    declared = new TreeMap<>(declared);
    broken = new TreeMap<>(broken);
  }

  /**
   * The texts of a folder's files, by name without {@code .sql}.
   *
   * @throws IOException when it can't be read
   */
  public static Map<String, String> texts(Path folder) throws IOException {
    Map<String, String> texts = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(file -> String.valueOf(file.getFileName()).endsWith(".sql")).toList();
    }
    for (Path file : files) {
      texts.put(
          String.valueOf(file.getFileName()).replaceFirst("\\.sql$", ""), Files.readString(file));
    }
    return texts;
  }

  /** Reads files' texts. */
  public static CommandFiles read(Map<String, String> texts) {
    Map<String, Declaration> declared = new LinkedHashMap<>();
    Map<String, List<FileProblem>> broken = new LinkedHashMap<>();
    Map<String, String> requests = new LinkedHashMap<>();
    new TreeMap<>(texts)
        .forEach(
            (name, text) -> {
              try {
                Declaration one = CommandFile.read(name, text);
                String request = VARIABLE.matcher(one.request()).replaceAll("{}");
                String other = requests.putIfAbsent(request, name);
                if (other == null) {
                  declared.put(name, one);
                } else {
                  broken.put(
                      name,
                      List.of(
                          Section.of(one.file().header())
                              .at("request")
                              .problem(
                                  "%s is the request of %s.sql, too"
                                      .formatted(one.request(), other))));
                }
              } catch (FileInvalid e) {
                broken.put(name, e.problems());
              }
            });
    return new CommandFiles(declared, broken);
  }
}
