package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.freshet.bench.Restaurant;
import dev.freshet.bench.UpProcess;
import dev.freshet.bench.process.ProjectHome;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Scrape configuration, rules and dashboard, by Prometheus itself. */
class PrometheusIT {

  private static final Path PROMETHEUS = Path.of("/usr/bin/prometheus");
  private static final Path PROMTOOL = Path.of("/usr/bin/promtool");
  private static final Path FOLDER = ProjectHome.path().resolve("infra/prometheus");
  private static final Path DASHBOARD = ProjectHome.path().resolve("infra/grafana/freshet.json");

  private static final int UP_PORT = 29_500;
  private static final int PROMETHEUS_PORT = 29_490;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @BeforeAll
  static void needsPrometheus() {
    if (!Files.isExecutable(PROMETHEUS) || !Files.isExecutable(PROMTOOL)) {
      abort(
          "SKIPPED: there is no %s. Install it: apt-get install prometheus".formatted(PROMETHEUS));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"check config prometheus.yml", "test rules rules.test.yml"})
  void promtoolIsContent(String command) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(PROMTOOL.toString()));
    arguments.addAll(List.of(command.split(" ", -1)));
    CommandLine.Ended ended =
        CommandLine.ended(new ProcessBuilder(arguments).directory(FOLDER.toFile()), Map.of());
    assertThat(ended.status()).as(ended.output()).isZero();
    assertThat(ended.output()).contains("SUCCESS");
  }

  @Test
  void everyAlertIsTestedAndHasAChapterInTheRunbook() throws Exception {
    String rules = Files.readString(FOLDER.resolve("rules.yml"));
    String tests = Files.readString(FOLDER.resolve("rules.test.yml"));
    String runbook = Files.readString(ProjectHome.path().resolve("docs/runbook.md"));
    List<String> alerts = all(rules, "- alert: (\\w+)");
    List<String> chapters = all(rules, "runbook_url: http://127.0.0.1:8081/runbook#([a-z-]+)\n");
    assertThat(alerts).hasSizeGreaterThanOrEqualTo(10);
    assertThat(chapters).hasSameSizeAs(alerts);
    assertThat(alerts)
        .allSatisfy(
            alert ->
                assertThat(tests)
                    .containsPattern(
                        "alertname: %s\\s+exp_alerts:\\s+- exp_labels".formatted(alert)));
    assertThat(chapters)
        .allSatisfy(chapter -> assertThat(runbook).contains("\n## " + chapter + "\n"));
  }

  private static List<String> all(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(found -> found.group(1)).toList();
  }

  @Test
  void noQueryOfTheDashboardIsEmptyUnderLoadAndAllRulesAreEvaluated() throws Exception {
    try (UpProcess up = UpProcess.start(folder.resolve("data"), UP_PORT, "--broker", "--search")) {
      up.awaitReady();
      Process prometheus = startPrometheus();
      Load load = Load.start(up.gateway(), 2, Integer.MAX_VALUE, Duration.ofMillis(50));
      try {
        for (String query : dashboard()) {
          await()
              .atMost(PATIENCE)
              .pollInterval(Duration.ofMillis(200))
              .untilAsserted(() -> assertThat(known(query)).as(query).isPositive());
        }
        await().atMost(PATIENCE).untilAsserted(PrometheusIT::allRulesAreEvaluated);
        assertThat(answer("/api/v1/targets?state=active").findValuesAsString("health"))
            .hasSize(9)
            .containsOnly("up");
        assertThat(load.failures).isEmpty();
      } finally {
        load.stop();
        prometheus.destroy();
        prometheus.waitFor();
      }
      up.stop();
    }
  }

  /**
   * As it is shipped, with what a broker and a search store take, on this test's ports and once a
   * second.
   */
  private Process startPrometheus() throws Exception {
    String configuration =
        Files.readString(FOLDER.resolve("prometheus.yml"))
            .replace("_interval: 5s", "_interval: 1s")
            .replaceAll("(?m)^  # (- job_name: freshet-(?:publisher|follower)|  .*)$", "  $1")
            .replace("rules.yml", FOLDER.resolve("rules.yml").toString());
    Matcher port = Pattern.compile("127\\.0\\.0\\.1:8(\\d{3})").matcher(configuration);
    String moved =
        port.replaceAll(found -> "127.0.0.1:" + (UP_PORT + Integer.parseInt(found.group(1)) - 80));
    Path file = Files.writeString(folder.resolve("prometheus.yml"), moved);
    return new ProcessBuilder(
            PROMETHEUS.toString(),
            "--config.file=" + file,
            "--storage.tsdb.path=" + folder.resolve("tsdb"),
            "--web.listen-address=127.0.0.1:" + PROMETHEUS_PORT)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("prometheus.log").toFile())
        .start();
  }

  private static List<String> dashboard() throws Exception {
    JsonNode panels = JsonMapper.shared().readTree(Files.readString(DASHBOARD)).path("panels");
    List<String> queries = new ArrayList<>();
    panels.forEach(panel -> queries.addAll(panel.path("targets").findValuesAsString("expr")));
    assertThat(queries).hasSizeGreaterThan(25);
    return queries;
  }

  /** How many numbers it gives of the last ten seconds; what is no number counts for nothing. */
  private static long known(String query) throws Exception {
    long now = Instant.now().getEpochSecond();
    JsonNode result =
        answer(
                "/api/v1/query_range?step=1&start=%d&end=%d&query=%s"
                    .formatted(
                        now - 10,
                        now,
                        URLEncoder.encode(
                            query.replace("$__rate_interval", "10s"), StandardCharsets.UTF_8)))
            .path("data")
            .path("result");
    return result
        .valueStream()
        .flatMap(series -> series.path("values").valueStream())
        .filter(value -> !value.get(1).asString().equals("NaN"))
        .count();
  }

  private static void allRulesAreEvaluated() throws Exception {
    JsonNode groups = answer("/api/v1/rules").path("data").path("groups");
    assertThat(groups.findValuesAsString("health")).hasSize(33).containsOnly("ok");
  }

  private static JsonNode answer(String path) throws Exception {
    return JsonMapper.shared()
        .readTree(new Restaurant("http://127.0.0.1:" + PROMETHEUS_PORT).get(path).body());
  }
}
