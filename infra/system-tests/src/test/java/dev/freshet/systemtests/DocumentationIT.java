package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.UpProcess;
import dev.freshet.bench.process.JavaCommand;
import dev.freshet.bench.process.ProjectHome;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the pages print is what is printed: every {@code console} block is run on a system that was
 * just started, the README's first. Ids, tokens, positions and figures may differ.
 */
class DocumentationIT {

  private static final int PORTS = 28_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Pattern VARYING =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-F]{24}(\\.[\\w-]+){7}");

  @TempDir static Path folder;

  private static UpProcess up;

  /** What the pages call an id or a token, and what it is here. */
  private static final Map<String, String> NAMES = new HashMap<>();

  @BeforeAll
  static void start() {
    up = UpProcess.start(folder, PORTS);
    up.awaitReady();
  }

  @AfterAll
  static void stop() {
    assertThat(up.stop()).as(up.output()).isZero();
    up.close();
  }

  @Test
  void examplesPrintWhatTheySay() throws Exception {
    List<Path> pages = new ArrayList<>(List.of(Pages.page("README.md")));
    pages.add(Pages.page("docs/getting-started.md"));
    Pages.all().stream()
        .filter(page -> page.startsWith(Pages.page("docs")))
        .filter(page -> !page.startsWith(Pages.page("docs/guides"))) // on systems of their own
        .filter(page -> !pages.contains(page))
        .forEach(pages::add);
    int run = 0;
    for (Path page : pages) {
      for (Pages.Block block : Pages.blocks(page)) {
        if (block.language().equals("console")) {
          check(page, block.lines());
          run++;
        }
      }
    }
    assertThat(run).isGreaterThan(10);
  }

  private static void check(Path page, List<String> lines) throws Exception {
    String command = lines.getFirst().replaceFirst("^\\$ ", "");
    List<String> said = lines.subList(1, lines.size());
    boolean isReadWithoutToken = command.startsWith("curl 'http");
    if (command.startsWith("./freshet ") || isReadWithoutToken) {
      // What it tells goes by once the copies have caught up.
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(shape(command, run(command)))
                      .as("%s: %s", page, command)
                      .isEqualTo(shape(command, said)));
      return;
    }
    List<String> printed = run(command);
    assertThat(shape(command, printed)).as("%s: %s", page, command).isEqualTo(shape(command, said));
    List<String> names = varying(said);
    List<String> values = varying(printed);
    for (int i = 0; i < Math.min(names.size(), values.size()); i++) {
      NAMES.put(names.get(i), values.get(i));
    }
  }

  private static List<String> varying(List<String> lines) {
    return VARYING.matcher(String.join("\n", lines)).results().map(MatchResult::group).toList();
  }

  private static List<String> run(String command) throws Exception {
    String here = command;
    for (Map.Entry<String, String> name : NAMES.entrySet()) {
      here = here.replace(name.getKey(), name.getValue());
    }
    here = here.replace("http://127.0.0.1:8080", up.gateway());
    if (here.startsWith("./freshet ")) {
      String java = String.join("' '", JavaCommand.ofFreshet(List.of(), List.of(), List.of()));
      here = "'%s' %s".formatted(java, here.substring("./freshet ".length()));
    }
    ProcessBuilder shell =
        new ProcessBuilder("bash", "-c", here)
            .directory(ProjectHome.path().toFile())
            .redirectError(folder.resolve("error.txt").toFile());
    shell.environment().put("FRESHET_STATUS_URL", up.operators());
    shell.environment().put("FRESHET_EXPLAIN_URL", up.operators());
    for (String ofSync : List.of("LIST", "VERIFY", "REBUILD")) {
      shell.environment().put("FRESHET_" + ofSync + "_URL", "http://127.0.0.1:" + (PORTS + 30));
    }
    Process process = shell.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue())
        .as("%s: %s", command, Files.readString(folder.resolve("error.txt")))
        .isZero();
    return output.lines().toList();
  }

  /** Without what differs from one system, or one run, to the next. */
  private static List<String> shape(String command, List<String> lines) {
    boolean isRead = command.startsWith("curl -i ") && !command.contains(" -d ");
    return lines.stream()
        .map(line -> line.replaceAll("\\s+$", ""))
        // Whether a read has seen more than its client had depends on the copy that answers.
        .filter(line -> !(isRead && line.startsWith("Freshet-Session: ")))
        .map(line -> isRead ? line.replaceFirst("^Freshet-Source: .*", "Freshet-Source: ?") : line)
        .map(line -> line.replaceFirst("^(X-Request-Id|Content-Length): .*", "$1: ?"))
        .map(line -> VARYING.matcher(line).replaceAll("ID"))
        .map(line -> line.replaceAll("\"v1-[0-9a-f]{8}\"", "\"v1-DIGEST\""))
        .map(line -> line.replaceAll("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+(\\+00:00)?", "TIME"))
        .map(line -> command.startsWith("curl ") ? line : figures(line))
        .toList();
  }

  private static String figures(String line) {
    return line.replaceAll("1:[0-9A-F]+/[0-9A-F]+", "POSITION")
        .replaceAll("(?<![\\w-])\\d+(\\.\\d+)?(?![\\w-])", "N")
        .replaceFirst("^chosen     (read-1|replica-\\d)$", "chosen     COPY")
        .replaceAll(" {2,}", "  ");
  }

  @Test
  void everyMetricIsDocumented() throws Exception {
    String page = Pages.text(Pages.page("docs/monitoring.md"));
    Set<String> metrics = new TreeSet<>();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int port : List.of(PORTS + 1, PORTS + 10, PORTS + 30, PORTS + 121, PORTS + 124)) {
        HttpRequest request =
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:%d/actuator/prometheus".formatted(port)))
                .build();
        client
            .send(request, HttpResponse.BodyHandlers.ofString())
            .body()
            .lines()
            .filter(line -> line.startsWith("# TYPE freshet_"))
            .map(line -> line.split(" ", -1)[2].replaceFirst("_max$", ""))
            .forEach(metrics::add);
      }
    }
    assertThat(metrics).hasSizeGreaterThan(15);
    assertThat(metrics).allMatch(metric -> page.contains("`" + metric));
  }
}
