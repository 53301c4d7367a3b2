package dev.freshet.systemtests;

import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The project's pages of Markdown, as they are read on a forge. */
final class Pages {

  private static final String FENCE = "```";
  private static final Pattern NOT_OURS = Pattern.compile("\\..*|target|vendor");
  private static final Pattern HEADING = Pattern.compile("#{1,6} +(.+)");
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");

  private Pages() {}

  /** One line that is prose: neither in a block of code nor in a table. */
  record Line(int number, String text) {}

  /** A block between fences. */
  record Block(String language, List<String> lines) {}

  /** All of them, but those of vendored libraries. */
  static List<Path> all() {
    List<Path> pages = new ArrayList<>();
    try {
      Files.walkFileTree(
          ProjectHome.path(),
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
              // Data of a system that runs in .freshet comes and goes.
              return !folder.equals(ProjectHome.path())
                      && NOT_OURS.matcher(String.valueOf(folder.getFileName())).matches()
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (file.toString().endsWith(".md")) {
                pages.add(file);
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    pages.sort(null);
    return pages;
  }

  static Path page(String name) {
    return ProjectHome.path().resolve(name);
  }

  static String text(Path page) {
    try {
      return Files.readString(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Line> prose(Path page) {
    List<Line> prose = new ArrayList<>();
    boolean isCode = false;
    int number = 0;
    for (String line : text(page).lines().toList()) {
      number++;
      if (line.strip().startsWith(FENCE)) {
        isCode = !isCode;
      } else if (!isCode && !line.startsWith("|")) {
        prose.add(new Line(number, line));
      }
    }
    return prose;
  }

  static List<Block> blocks(Path page) {
    List<Block> blocks = new ArrayList<>();
    Block open = null;
    for (String line : text(page).lines().toList()) {
      if (line.strip().startsWith(FENCE)) {
        if (open == null) {
          open = new Block(line.strip().substring(FENCE.length()), new ArrayList<>());
        } else {
          blocks.add(open);
          open = null;
        }
      } else if (open != null) {
        open.lines().add(line);
      }
    }
    return blocks;
  }

  /** Where its links lead, without those to other sites. */
  static List<String> links(Path page) {
    String outsideCode =
        text(page).replaceAll("(?ms)^ *```.*?^ *```", "").replaceAll("`[^`]*`", "");
    return LINK.matcher(outsideCode)
        .results()
        .map(link -> link.group(1))
        .filter(link -> !link.matches("[a-z]+:.*"))
        .toList();
  }

  /** What follows {@code #} in links to its headings. */
  static List<String> anchors(Path page) {
    List<String> anchors = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (Line line : prose(page)) {
      Matcher heading = HEADING.matcher(line.text());
      if (heading.matches()) {
        String anchor =
            heading
                .group(1)
                .strip()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
        int before = seen.merge(anchor, 1, Integer::sum) - 1;
        anchors.add(before == 0 ? anchor : anchor + "-" + before);
      }
    }
    return anchors;
  }

  /** What stands below each heading of the second level, by that heading. */
  static Map<String, String> chapters(Path page) {
    Map<String, String> chapters = new LinkedHashMap<>();
    Matcher chapter = Pattern.compile("(?ms)^## (.+?)$(.*?)(?=^## |\\z)").matcher(text(page));
    while (chapter.find()) {
      chapters.put(chapter.group(1).strip(), chapter.group(2));
    }
    return chapters;
  }
}
