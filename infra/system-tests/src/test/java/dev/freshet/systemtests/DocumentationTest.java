package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.freshet.bench.process.ProjectHome;
import dev.freshet.local.cli.Commands;
import dev.freshet.protocol.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The pages hold together, and the reference has all that the code has, and nothing else. */
class DocumentationTest {

  private static final int LONGEST_LINE = 160;
  private static final int LONGEST_README = 120;

  /** Its older entries are kept as they were written. */
  private static final String CHANGELOG = "CHANGELOG.md";

  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--?[a-zA-Z][a-z-]*");

  static List<Path> pages() {
    return Pages.all();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void linksLeadSomewhere(Path page) {
    assertThat(Pages.links(page))
        .allSatisfy(
            link -> {
              String[] parts = link.split("#", 2);
              Path target =
                  parts[0].isEmpty()
                      ? page
                      : Objects.requireNonNull(page.getParent()).resolve(parts[0]).normalize();
              assertThat(target).exists();
              if (parts.length == 2) {
                assertThat(Pages.anchors(target)).contains(parts[1]);
              }
            });
  }

  @ParameterizedTest
  @MethodSource("pages")
  void linesFitTheirEditors(Path page) {
    if (!page.endsWith(CHANGELOG)) {
      assertThat(Pages.prose(page).stream().filter(line -> line.text().length() > LONGEST_LINE))
          .isEmpty();
    }
  }

  @Test
  void readmeIsShortAndHasTheTwoCommands() {
    String readme = Pages.text(Pages.page("README.md"));
    assertThat(readme.lines().count()).isLessThanOrEqualTo(LONGEST_README);
    assertThat(readme).contains("\n./freshet up\n", "\n./freshet test\n");
  }

  @Test
  void everyPageOfDocsIsInItsIndex() throws IOException {
    Path docs = Pages.page("docs");
    Set<Path> linked =
        Pages.links(docs.resolve("README.md")).stream()
            .map(link -> docs.resolve(link.replaceFirst("#.*", "")).normalize())
            .collect(Collectors.toSet());
    try (Stream<Path> files = Files.walk(docs)) {
      assertThat(
              files.filter(file -> file.toString().endsWith(".md") && !file.endsWith("README.md")))
          .isNotEmpty()
          .allMatch(linked::contains);
    }
  }

  @Test
  void everyCommandAndItsOptionsAreInTheReference() {
    Map<String, CommandSpec> commands = new LinkedHashMap<>();
    collect(
        Commands.commandLine(
            new String[0], ProjectHome.path().resolve("infra/restaurant"), name -> null),
        "freshet",
        commands);
    Map<String, String> chapters =
        Pages.chapters(Pages.page("docs/reference/command-line.md")).entrySet().stream()
            .filter(chapter -> chapter.getKey().startsWith("freshet "))
            .filter(chapter -> !Set.of("freshet bench", "freshet test").contains(chapter.getKey()))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    assertThat(chapters.keySet()).containsExactlyInAnyOrderElementsOf(commands.keySet());
    commands.forEach(
        (name, command) ->
            assertThat(cells(chapters.getOrDefault(name, "")))
                .as(name)
                .containsExactlyInAnyOrderElementsOf(options(command)));
  }

  /** By their names on the command line; a command that only has others is left out. */
  private static void collect(CommandLine command, String name, Map<String, CommandSpec> into) {
    boolean isRun = command.getCommand() instanceof Callable;
    boolean isLeaf = command.getSubcommands().isEmpty();
    if (isRun || isLeaf) {
      into.put(name, command.getCommandSpec());
    }
    command.getSubcommands().forEach((own, below) -> collect(below, name + " " + own, into));
  }

  private static Set<String> options(CommandSpec command) {
    return command.options().stream()
        .filter(option -> !option.usageHelp() && !option.hidden())
        .flatMap(option -> Arrays.stream(option.names()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The options in the first cells of a chapter's tables. */
  private static Set<String> cells(String chapter) {
    return chapter
        .lines()
        .filter(line -> line.startsWith("| `-"))
        .map(line -> line.split("(?<!\\\\)\\|", -1)[1])
        .flatMap(cell -> OPTION.matcher(cell).results().map(MatchResult::group))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyKeyOfTheRoutesFileIsInTheReference() throws IOException {
    String page = Pages.text(Pages.page("docs/reference/configuration.md"));
    Set<String> keys = new TreeSet<>();
    try (InputStream schema =
        getClass().getResourceAsStream("/dev/freshet/gateway/routing/file/routes.schema.json")) {
      keys(JsonMapper.shared().readTree(Objects.requireNonNull(schema)), keys);
    }
    assertThat(keys).hasSizeGreaterThan(40);
    assertThat(keys)
        .allSatisfy(
            key ->
                assertThat(page)
                    .containsPattern("`[^`\n]*(?<![a-z-])" + key + "(?![a-z-])[^`\n]*`"));
  }

  private static void keys(JsonNode schema, Set<String> into) {
    schema.path("properties").propertyNames().forEach(into::add);
    schema.forEach(below -> keys(below, into));
  }

  @Test
  void everyProblemIsInTheReferenceWithItsStatus() {
    List<String> documented = new ArrayList<>();
    Pattern row = Pattern.compile("(?m)^\\| (`[a-z`, -]+`) \\| (\\d{3}) \\|");
    row.matcher(Pages.text(Pages.page("docs/reference/http.md")))
        .results()
        .forEach(
            found ->
                Arrays.stream(found.group(1).split(", ", -1))
                    .forEach(code -> documented.add(code + " " + found.group(2))));
    assertThat(documented)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ProblemCode.values())
                .map(code -> "`%s` %d".formatted(code.code(), code.status()))
                .toList());
  }

  @Test
  void everyAlertIsDocumented() {
    String page = Pages.text(Pages.page("docs/monitoring.md"));
    List<String> alerts =
        Pattern.compile("- alert: (\\w+)")
            .matcher(Pages.text(Pages.page("infra/prometheus/rules.yml")))
            .results()
            .map(alert -> alert.group(1))
            .toList();
    assertThat(alerts).hasSizeGreaterThan(10);
    assertThat(alerts).allMatch(alert -> page.contains("`" + alert + "`"));
  }

  @Test
  void examplesOfRoutesAreYamlThatIsRead() {
    for (Path page : Pages.all()) {
      for (Pages.Block block : Pages.blocks(page)) {
        if (block.language().equals("yaml")) {
          assertThatCode(() -> new YAMLMapper().readTree(String.join("\n", block.lines())))
              .as("%s: %s", page, block.lines())
              .doesNotThrowAnyException();
        }
      }
    }
  }
}
