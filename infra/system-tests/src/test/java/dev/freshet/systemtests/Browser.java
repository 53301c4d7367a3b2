package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Debian's chromium, without a window, and all that went wrong in it. */
final class Browser implements AutoCloseable {

  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");

  private final Playwright playwright;
  private final com.microsoft.playwright.Browser browser;
  private final String origin;

  /** Errors that pages wrote to their consoles, and requests that left the origin. */
  private final List<String> complaints = Collections.synchronizedList(new ArrayList<>());

  private Browser(Playwright playwright, String origin) {
    this.playwright = playwright;
    this.origin = origin;
    this.browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(CHROMIUM)
                    .setArgs(List.of("--no-sandbox")));
  }

  /**
   * Starts it; a test without chromium says that it is skipped.
   *
   * @param origin which no request may leave
   */
  static Browser start(String origin) {
    if (!Files.isExecutable(CHROMIUM)) {
      abort("SKIPPED: there is no %s. Install it: apt-get install chromium".formatted(CHROMIUM));
    }
    return new Browser(
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))),
        origin);
  }

  /** A page of its own, with nothing in it. */
  Page open(int width, ColorScheme scheme) {
    BrowserContext context =
        browser.newContext(
            new com.microsoft.playwright.Browser.NewContextOptions()
                .setViewportSize(width, 900)
                .setColorScheme(scheme));
    Page page = context.newPage();
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error") || message.type().equals("warning")) {
            complaints.add("console: " + message.text());
          }
        });
    page.onPageError(error -> complaints.add("page: " + error));
    page.onRequest(
        request -> {
          if (!request.url().startsWith(origin + "/")) {
            complaints.add("request to " + request.url());
          }
        });
    return page;
  }

  /** What axe-core finds, by its rules. */
  static List<String> inaccessible(Page page) {
    return new AxeBuilder(page)
        .analyze().getViolations().stream()
            .map(
                rule ->
                    rule.getId()
                        + ": "
                        + rule.getNodes().stream()
                            .map(node -> node.getTarget() + " " + node.getFailureSummary())
                            .toList())
            .toList();
  }

  void closePages() {
    browser.contexts().forEach(BrowserContext::close);
  }

  void assertNoComplaints() {
    List<String> all = List.copyOf(complaints);
    complaints.clear(); // of one test alone
    assertThat(all).isEmpty();
  }

  /** Takes those that hold a text: they were to be expected. */
  void takeComplaints(String text) {
    complaints.removeIf(complaint -> complaint.contains(text));
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
  }
}
