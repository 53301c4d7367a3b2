package dev.freshet.systemtests;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for the console's pages whatever state the system is in. */
class ConsoleStatesIT {

  /** From a phone's to a large screen's; the flow turns from downwards to across among them. */
  private static final List<Integer> WIDTHS = List.of(360, 800, 1_250, 1_400, 2_560);

  private static final int HEIGHT = 900;

  /** Boxes that overlap, or stand out of what they belong to. */
  private static final String LABELS =
      """
      (() => {
        const box = (element) => element.getBoundingClientRect();
        const meet = (one, other) => one.left < other.right - 0.5 && other.left < one.right - 0.5
          && one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
        const labels = [...document.querySelectorAll('.edge text, .of-reads')];
        const picture = box(document.querySelector('.flow svg'));
        const found = [];
        labels.forEach((label, index) => {
          document.querySelectorAll('.node').forEach((node) => {
            if (meet(box(label), box(node.querySelector('rect')))) {
              found.push(`${label.textContent} lies under ${node.dataset.node}`);
            }
          });
          labels.slice(index + 1).filter((other) => meet(box(label), box(other)))
            .forEach((other) => found.push(`${label.textContent} overlaps ${other.textContent}`));
          const { left, right, top, bottom } = box(label);
          if (left < picture.left || right > picture.right || top < picture.top || bottom > picture.bottom) {
            found.push(`${label.textContent} is cut off`);
          }
        });
        document.querySelectorAll('.node text').forEach((text) => {
          if (box(text).right > box(text.parentNode.querySelector('rect')).right) {
            found.push(`${text.textContent} stands out of its node`);
          }
        });
        return found;
      })()
      """;

  /** Words on two lines that would fit one; the parts of a name are words. */
  private static final String BROKEN_WORDS =
      """
      (() => {
        const found = [];
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const range = document.createRange();
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
          if (text.parentElement.closest('.unseen, svg, option, script')) continue;
          for (const word of text.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].filter((rect) => rect.width > 0.5).map((rect) => Math.round(rect.top)));
            if (lines.size > 1) found.push(`${word[0]} in ${text.data}`);
          }
        }
        return found;
      })()
      """;

  private static ConsoleStub stub;
  private static Browser browser;

  @BeforeAll
  static void start() throws IOException {
    stub = ConsoleStub.start();
    browser = Browser.start(stub.origin());
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    stub.close();
  }

  @AfterEach
  void nothingWasComplainedOf() {
    browser.closePages();
    browser.assertNoComplaints();
  }

  private static Page open(String state, int width, ColorScheme scheme) {
    stub.become(state);
    Page page = browser.open(width, scheme);
    page.navigate(stub.origin() + "/");
    assertThat(page.locator(".live")).hasText("● live");
    assertThat(page.locator(".flow svg")).isVisible();
    return page;
  }

  private static Page open(String state) {
    return open(state, 1_400, ColorScheme.LIGHT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "well",
        "no-traffic",
        "stuck",
        "read-database-down",
        "primary-down",
        "paused",
        "drained",
        "building",
        "many",
        "long-names"
      })
  void labelsAreFreeAndWordsAreWholeAtEveryWidth(String state) {
    Page page = open(state);
    assertThat(page.locator(".node")).hasCount(stub.look().path("flow").path("nodes").size());
    for (int width : WIDTHS) {
      page.setViewportSize(width, HEIGHT);
      page.waitForFunction(
          "() => Math.abs(document.querySelector('.flow').clientWidth - Math.max(document.querySelector('.flow svg').clientWidth, 1)) < 2 || document.querySelector('.flow svg').clientWidth === 1500");
      assertThat(page.evaluate(LABELS)).as("%s, %d wide", state, width).isEqualTo(List.of());
      assertThat(page.evaluate(BROKEN_WORDS)).as("%s, %d wide", state, width).isEqualTo(List.of());
      assertThat(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
          .as("%s, %d wide", state, width)
          .isEqualTo(true);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LIGHT", "DARK"})
  void axeFindsNothingInTheWorstOfStates(ColorScheme scheme) {
    for (String state : List.of("stuck", "primary-down", "building")) {
      Page page = open(state, 1_400, scheme);
      assertThat(page.locator("#chart-copies canvas")).isVisible();
      assertThat(Browser.inaccessible(page)).as(state).isEmpty();
      page.setViewportSize(360, HEIGHT);
      assertThat(page.locator(".jumps")).isVisible();
      assertThat(Browser.inaccessible(page)).as(state + " on a phone").isEmpty();
    }
  }

  @Test
  void readsAreDrawnFromTheGatewayToEachCopyAndWhatIsStuckIsNeverGreen() {
    Page page = open("stuck");
    List<String> copies =
        StreamSupport.stream(stub.look().path("status").path("instances").spliterator(), false)
            .filter(one -> !one.path("kind").asString().equals("primary"))
            .map(one -> one.path("id").asString())
            .toList();
    for (String copy : copies) {
      Locator reads = page.locator(".reads[data-from=gateway][data-to='%s']".formatted(copy));
      assertThat(reads).hasCount(1);
      assertThat(reads.locator("path").boundingBox().width).isGreaterThan(1_000);
    }
    assertThat(page.locator(".of-reads")).hasText("reads 643/s");
    assertThat(page.locator(".node[data-node=replica-1]")).hasAttribute("data-health", "stuck");
    assertThat(page.locator("#instances tr", has("replica-1")).locator(".health.stuck"))
        .hasText("✖ stuck");
  }

  private static Page.LocatorOptions has(String text) {
    return new Page.LocatorOptions().setHasText(text);
  }

  @Test
  void modelsThatAreAsFreshAsTheirSyncMakeOneLine() {
    Page page = open("well");
    assertThat(page.locator("#chart-models .legend li")).hasCount(2);
    assertThat(page.locator("#chart-models .legend li").first())
        .containsText("board, menu, orders, sales: as the sync of read-1 12 ms");
    stub.become("building");
    assertThat(page.locator("#chart-models .legend li").first())
        .containsText("as the sync of read-1");
  }

  @Test
  void objectiveIsALineInEachChart() {
    Page page = open("well");
    for (String chart : List.of("copies", "models", "readable")) {
      assertThat(page.locator("#chart-%s .legend".formatted(chart)))
          .containsText("objective: 1.0 s");
      assertThat(page.locator("#chart-%s .plot".formatted(chart)))
          .hasAttribute("aria-label", Pattern.compile(".*The objective is 1.0 s."));
    }
  }

  @Test
  void outcomesThatDoNotHappenAnyMoreLeaveAfterAMinute() {
    Page page = open("well");
    assertThat(page.locator("#writes tbody tr")).hasCount(2);
    assertThat(page.locator("#reads tbody tr")).hasCount(4);
    page.clock().setSystemTime(System.currentTimeMillis() + 61_000);
    assertThat(page.locator("#writes tbody tr")).hasCount(1);
    assertThat(page.locator("#writes")).containsText("place-order");
    assertThat(page.locator("#reads tbody tr")).hasCount(3);
  }

  @Test
  void pageSaysWhichVersionItIsOfAndWhetherItIsLive() {
    Page page = open("well");
    assertThat(page.locator(".version")).hasText("0.1.0-SNAPSHOT");
    stub.fallSilent();
    assertThat(page.locator(".live")).hasText("✖ not live");
    assertThat(page.locator(".live")).hasClass("live broken");
    stub.become("well");
    assertThat(page.locator(".live")).hasText("● live");
    browser.takeComplaints("ERR_"); // the connection that was given up
  }

  @Test
  void phoneHasLinksToTheSections() {
    Page page = open("many", 360, ColorScheme.LIGHT);
    page.locator(".jumps a", has("Syncs")).click();
    assertThat(page.locator("#syncs-title")).isInViewport();
    for (Locator link : page.locator(".jumps a").all()) {
      assertThat(page.locator(link.getAttribute("href"))).hasCount(1);
    }
    page.setViewportSize(1_400, HEIGHT);
    assertThat(page.locator(".jumps")).isHidden();
  }
}
