package dev.freshet.systemtests;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.freshet.bench.Restaurant;
import dev.freshet.bench.UpProcess;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The console as operators use it, in a browser. */
class ConsoleIT {

  /** The page is to show data within this time. */
  private static final Duration FIRST_PAINT = Duration.ofSeconds(2);

  /** What goes wrong is to be seen within this time. */
  private static final Duration NOTICED = Duration.ofSeconds(3);

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int MOST_WATCHERS = 500;

  private static final Pattern SOME_A_SECOND = Pattern.compile("[1-9][0-9.]*/s");

  @TempDir static Path folder;

  private static UpProcess up;
  private static Browser browser;
  private static Restaurant operators;

  @BeforeAll
  static void start() {
    up = UpProcess.start(folder, 29_000, "--log-format", "json", "--access-log");
    up.awaitReady();
    operators = new Restaurant(up.operators());
    browser = Browser.start(up.operators());
    setDefaultAssertionTimeout((double) PATIENCE.toMillis());
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    up.stop();
    up.close();
  }

  @AfterEach
  void nothingWasComplainedOf() {
    browser.closePages();
    browser.assertNoComplaints();
  }

  private static Page console(int width, ColorScheme scheme) {
    Page page = browser.open(width, scheme);
    page.navigate(up.operators() + "/");
    await(page.locator(".verdict[data-verdict=ok]"), PATIENCE);
    return page;
  }

  private static Page console() {
    return console(1_400, ColorScheme.LIGHT);
  }

  private static void await(Locator locator, Duration atMost) {
    assertThat(locator)
        .isVisible(new LocatorAssertions.IsVisibleOptions().setTimeout((double) atMost.toMillis()));
  }

  private static void setReplayPaused(boolean isPaused) throws SQLException {
    try (Connection replica = up.replica(1)) {
      Copies.single(
          replica, isPaused ? "select pg_wal_replay_pause()" : "select pg_wal_replay_resume()");
    }
  }

  private static Locator edge(Page page, String to, String health) {
    return page.locator(".edge[data-to='%s'][data-health='%s']".formatted(to, health));
  }

  @Test
  void firstPaintHasData() {
    Page page = browser.open(1_400, ColorScheme.LIGHT);
    page.navigate(up.operators() + "/");
    await(page.locator(".verdict[data-verdict=ok]"), FIRST_PAINT);
    assertThat(page.locator("#instances tbody tr")).hasCount(5);
    assertThat(page.locator("#models tbody tr")).hasCount(4);
    await(edge(page, "replica-1", "fine"), PATIENCE);
    await(page.locator("#chart-copies canvas"), PATIENCE);
  }

  @Test
  void pausedReplayTurnsItsEdgeAndTheVerdictAndTurnsThemBack() throws Exception {
    Page page = console();
    setReplayPaused(true);
    try {
      await(edge(page, "replica-1", "stuck"), NOTICED);
      await(page.locator(".verdict[data-verdict=bad]"), NOTICED);
      assertThat(page.locator(".verdict")).containsText("Replay is paused on replica-1");
      await(edge(page, "replica-2", "fine"), PATIENCE);
      page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Runbook on replay-paused"))
          .click();
      assertThat(page.locator("#replay-paused")).isInViewport();
      page.navigate(up.operators() + "/");
    } finally {
      setReplayPaused(false);
    }
    await(page.locator(".verdict[data-verdict=ok]"), NOTICED);
    await(edge(page, "replica-1", "fine"), NOTICED);
  }

  @Test
  void instanceIsDrainedAndReadiedByKeyboardAlone() throws Exception {
    Page page = console();
    tabTo(page, "Drain replica-2");
    page.keyboard().press("Enter");
    assertThat(page.locator(":focus")).hasText("Yes, drain");
    page.keyboard().press("Escape");
    assertThat(page.locator(":focus")).hasText("Drain replica-2");
    page.keyboard().press("Enter");
    assertThat(page.locator(":focus")).hasText("Yes, drain");
    page.keyboard().press("Enter");
    Locator row = page.locator("#instances tr", has("replica-2"));
    assertThat(row).containsText("drained");
    assertThat(page.locator(".verdict")).containsText("drained: replica-2");
    assertThat(page.locator("#audit")).containsText("/api/instances/replica-2/drain");
    assertThat(operators.get("/api/audit").body()).contains("/api/instances/replica-2/drain");
    assertThat(page.locator(":focus")).hasText("Ready replica-2");
    page.keyboard().press("Enter");
    assertThat(row).containsText(Pattern.compile("ready|slow-start"));
  }

  private static Page.LocatorOptions has(String text) {
    return new Page.LocatorOptions().setHasText(text);
  }

  /** Goes on with the tab key until an element of this name has the focus. */
  private static void tabTo(Page page, String name) {
    for (int presses = 0; presses < 200; presses++) {
      page.keyboard().press("Tab");
      Object focused = page.evaluate("document.activeElement.textContent.trim()");
      if (name.equals(focused)) {
        return;
      }
    }
    throw new AssertionError("The tab key does not reach " + name);
  }

  @ParameterizedTest
  @EnumSource(names = {"LIGHT", "DARK"})
  void axeFindsNothingWhenAllIsWellAndWhenItIsNot(ColorScheme scheme) throws Exception {
    Page page = console(1_400, scheme);
    await(page.locator("#chart-copies canvas"), PATIENCE);
    assertThat(Browser.inaccessible(page)).isEmpty();
    setReplayPaused(true);
    try {
      await(edge(page, "replica-1", "stuck"), PATIENCE);
      assertThat(Browser.inaccessible(page)).isEmpty();
    } finally {
      setReplayPaused(false);
    }
    page.navigate(up.operators() + "/runbook");
    assertThat(Browser.inaccessible(page)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {360, 800, 2_560})
  void nothingScrollsSideways(int width) {
    Page page = console(width, ColorScheme.LIGHT);
    await(page.locator("#audit"), PATIENCE);
    page.locator("details").first().evaluate("element => element.open = true");
    assertThat(
            page.evaluate(
                """
                [document.documentElement, ...document.querySelectorAll('body *')]
                  .filter((element) => element.scrollWidth > element.clientWidth + 1
                    && getComputedStyle(element).overflowX !== 'visible'
                    && !element.classList.contains('unseen') && element.clientWidth > 0
                    || element === document.documentElement && element.scrollWidth > innerWidth)
                  .map((element) => element.tagName + '.' + element.className)
                """))
        .isEqualTo(List.of());
  }

  @Test
  void silenceIsSaidAndOverWhenTheGatewayAnswersAgainWithAGapInTheCharts() throws Exception {
    Page page = console();
    signal("STOP");
    try {
      await(page.locator(".verdict[data-verdict=unknown]"), PATIENCE);
      assertThat(page.locator(".verdict")).containsText("The last news came");
      assertThat(page.locator("#chart-copies .legend")).containsText("unknown");
    } finally {
      signal("CONT");
    }
    await(page.locator(".verdict[data-verdict=ok]"), PATIENCE);
    JsonNode lag =
        JsonMapper.shared()
            .readTree(operators.get("/api/history?last=1m").body())
            .path("series")
            .valueStream()
            .filter(series -> series.path("name").asString().equals("replica-1"))
            .findFirst()
            .orElseThrow()
            .path("values");
    String known =
        lag.valueStream().map(value -> value.isNull() ? "-" : "x").reduce("", String::concat);
    assertThat(known).as("seconds that are known").matches(".*x-{2,}x+");
    browser.takeComplaints("ERR_"); // connections that were cut
  }

  private static void signal(String name) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + name, Long.toString(up.process().pid()))
                .start()
                .waitFor())
        .isZero();
  }

  @Test
  void syncIsPausedAndResumed() {
    Page page = console();
    click(page, "Pause the sync of read-1");
    click(page, "Yes, pause");
    await(page.locator(".verdict[data-verdict=bad]"), PATIENCE);
    assertThat(page.locator(".verdict")).containsText("The sync of read-1 is paused");
    await(edge(page, "sync of read-1", "stuck"), PATIENCE);
    click(page, "Resume the sync of read-1");
    await(page.locator(".verdict[data-verdict=ok]"), PATIENCE);
  }

  private static void click(Page page, String button) {
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(button).setExact(true))
        .click();
  }

  @Test
  void modelIsVerifiedAndRebuilt() {
    Page page = console();
    click(page, "Verify menu");
    assertThat(page.locator(".notices")).containsText("menu: all 8 rows are right.");
    assertThat(page.locator("#models tr", has("menu"))).containsText("right at");
    click(page, "Rebuild menu");
    click(page, "Yes, rebuild");
    assertThat(page.locator(".notices")).containsText("Model menu is rebuilt");
    assertThat(page.locator("#audit")).containsText("/api/syncs/read-1/models/menu/rebuild");
  }

  @Test
  void deadLetterIsShownMaskedAndRetried() throws Exception {
    Page page = console();
    try (Connection readDatabase = up.readDatabase(1)) {
      execute(readDatabase, "alter table read.menu add constraint cheap check (price < 1000)");
      new Restaurant(up.gateway())
          .send("PUT", "/menu/caviar", "{\"name\":\"Caviar\",\"price\":2000,\"available\":true}");
      assertThat(page.locator("#syncs")).containsText("violates check constraint");
      await(page.locator(".verdict[data-verdict=bad]"), PATIENCE);
      assertThat(page.locator(".verdict")).containsText("Model menu is faulty");
      Locator letter = page.locator("#syncs tbody tr").first();
      assertThat(letter).containsText("caviar");
      assertThat(letter).not().containsText("2000");
      assertThat(operators.get("/api/syncs/read-1/dead-letters").body())
          .contains("violates check constraint")
          .doesNotContain("2000");
      letter.getByRole(AriaRole.BUTTON).first().click();
      assertThat(page.locator(".notices")).containsText("still refuses it");
      browser.takeComplaints("409 (Conflict)"); // chromium tells of every such answer
    } finally {
      try (Connection readDatabase = up.readDatabase(1)) {
        execute(readDatabase, "alter table read.menu drop constraint cheap");
      }
    }
    page.locator("#syncs tbody tr").first().getByRole(AriaRole.BUTTON).first().click();
    await(page.locator(".verdict[data-verdict=ok]"), PATIENCE);
    assertThat(page.locator("#syncs tbody tr")).hasCount(0);
    new Restaurant(up.gateway()).send("DELETE", "/menu/caviar", "");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void decisionIsExplained() {
    Page page = console();
    page.getByLabel("Path").fill("/orders?limit=1");
    page.getByLabel("Headers").fill("Freshet-Consistency: eventual");
    click(page, "Where would it go?");
    assertThat(page.locator(".explained")).containsText("read, because GET is a read");
    assertThat(page.locator(".explained tbody tr")).hasCount(4);
    page.getByLabel("Path").fill("/nowhere");
    click(page, "Where would it go?");
    assertThat(page.locator(".explained")).containsText("no-route");
  }

  @Test
  void trafficIsCountedWhereItGoes() throws Exception {
    Page page = console();
    Load load = Load.start(up.gateway(), 2, Integer.MAX_VALUE);
    try {
      assertThat(page.locator("#writes tbody tr").first()).containsText("place-order");
      assertThat(page.locator("#writes tbody tr").first()).containsText(SOME_A_SECOND);
      assertThat(page.locator("#reads tbody tr").first()).containsText(SOME_A_SECOND);
      assertThat(page.locator(".edge[data-to=write-1]")).containsText(SOME_A_SECOND);
    } finally {
      load.stop();
    }
    assertThat(load.failures).isEmpty();
  }

  @Test
  void logIsInTheElasticCommonSchemaAndHasALineForEachRequest() throws Exception {
    new Restaurant(up.gateway()).get("/menu?limit=1", "X-Request-Id", "for-the-log");
    Path log = folder.resolve("logs/freshet.log");
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(Files.readString(log)).contains("request=for-the-log"));
    List<JsonNode> lines =
        Files.readAllLines(log).stream().map(JsonMapper.shared()::readTree).toList();
    assertThat(lines)
        .allSatisfy(
            line ->
                assertThat(line.propertyNames())
                    .contains("@timestamp", "log.level", "message", "ecs.version", "log.logger"));
    assertThat(lines)
        .filteredOn(line -> line.path("message").asString().contains("request=for-the-log"))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.path("log.logger").asString()).isEqualTo("freshet.access");
              assertThat(line.path("message").asString())
                  .startsWith("GET /menu 200 route=")
                  .contains(" intent=read source=", " upstream-ms=", " took-ms=");
            });
  }

  @Test
  void manyWatchOneMoreIsRefusedAndLetInWhenOthersHaveGone() throws Exception {
    HttpRequest stream = HttpRequest.newBuilder(URI.create(up.operators() + "/api/stream")).build();
    List<HttpResponse<InputStream>> watching = new ArrayList<>();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < MOST_WATCHERS; i++) {
        watching.add(client.send(stream, HttpResponse.BodyHandlers.ofInputStream()));
      }
      assertThat(watching).allMatch(answer -> answer.statusCode() == 200);
      HttpResponse<String> refused = operators.get("/api/stream");
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.body()).contains("500 consoles are open already");
      for (HttpResponse<InputStream> answer : watching) {
        answer.body().close();
      }
    }
    console();
  }

  @Test
  void whatAnOperatorChangesIsLoggedByAllPartsUnderOneName() throws Exception {
    try {
      HttpResponse<String> answer =
          operators.send(
              "POST", "/api/syncs/read-1/sync/pause", "", "X-Request-Id", "of-an-operator");
      assertThat(answer.headers().allValues("X-Request-Id")).containsExactly("of-an-operator");
    } finally {
      operators.send("POST", "/api/syncs/read-1/sync/resume", "");
    }
    Path log = folder.resolve("logs/freshet.log");
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(Files.readAllLines(log).stream().map(JsonMapper.shared()::readTree))
                    .filteredOn(
                        line -> line.path("http.request.id").asString("").equals("of-an-operator"))
                    .extracting(line -> line.path("message").asString().split(" by ", -1)[0])
                    .containsExactly("POST /api/sync/pause", "POST /api/syncs/read-1/sync/pause"));
  }

  /** Nothing moves while replay is paused and the sync is, so that all can be asked in turn. */
  @Test
  void pageApiCommandLineAndPrometheusSayTheSame() throws Exception {
    Page page = console();
    setReplayPaused(true);
    try {
      operators.send("POST", "/api/syncs/read-1/sync/pause", "");
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                JsonNode status = JsonMapper.shared().readTree(operators.get("/api/status").body());
                JsonNode replica = status.path("instances").get(0);
                assertThat(replica.path("id").asString()).isEqualTo("replica-1");
                String position = replica.path("position").asString();
                long behind = replica.path("lagBytes").asLong();
                assertThat(behind).isPositive();
                String row = page.locator("#instances tr", has("replica-1")).textContent();
                String behindOnPage =
                    (String)
                        page.evaluate(
                            "async (bytes) => (await import('/console/format.js')).bytes(bytes)",
                            (double) behind);
                assertThat(row).contains(position).contains(behindOnPage);
                assertThat(operators.get("/actuator/prometheus").body())
                    .contains(
                        "freshet_replica_lag_bytes{backend=\"replica-1\"} %.1f"
                            .formatted((double) behind));
                CommandLine.Ended ended =
                    CommandLine.run(Map.of(), "status", "--url", up.operators());
                assertThat(ended.status()).isEqualTo(1);
                assertThat(ended.output())
                    .contains(status.path("verdict").path("text").asString())
                    .containsPattern("replica-1 .*" + position + " .* " + behind + " B");
                assertThat(page.locator(".verdict .sentence").textContent())
                    .contains(status.path("verdict").path("text").asString());
              });
    } finally {
      setReplayPaused(false);
      operators.send("POST", "/api/syncs/read-1/sync/resume", "");
    }
    await(page.locator(".verdict[data-verdict=ok]"), PATIENCE);
  }
}
