package dev.freshet.local.cli;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** A copy's or build's progress as one line of a terminal. */
final class ProgressBar {

  private static final int WIDTH = 30;

  private ProgressBar() {}

  /**
   * Draws it.
   *
   * @param progress as {@code /api/sync} tells it; may be missing
   */
  static String of(JsonNode progress) {
    if (!progress.isObject()) {
      return " ".repeat(WIDTH);
    }
    long rows = progress.path("rows").asLong();
    long expected = progress.path("expectedRows").asLong(0);
    int filled = expected <= 0 ? 0 : (int) Math.min(WIDTH, WIDTH * rows / expected);
    JsonNode left = progress.path("secondsLeft");
    return String.format(
        Locale.ROOT,
        "[%s%s] %s: %,d rows, %,d a second%s   ",
        "#".repeat(filled),
        " ".repeat(WIDTH - filled),
        progress.path("what").asString(),
        rows,
        progress.path("rowsPerSecond").asLong(),
        left.isNumber() ? String.format(Locale.ROOT, ", %.0f s left", left.asDouble()) : "");
  }
}
