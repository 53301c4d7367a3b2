package dev.freshet.gateway.routing;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A consistency level as it is asked for: {@code session}, {@code bounded;max-staleness=2}.
 *
 * @param maxStaleness of {@link Level#BOUNDED}; null for the others, and where it is not said
 */
public record Consistency(Level level, @Nullable Duration maxStaleness) {

  /** An item of RFC 9651 with one parameter, whose value is an integer or a decimal. */
  private static final Pattern FORM =
      Pattern.compile(
          "(?<level>[a-z]+)\\s*(?:;\\s*max-staleness=(?<seconds>\\d{1,9}(?:\\.\\d{1,3})?))?");

  /** The level alone. */
  public static Consistency of(Level level) {
    return new Consistency(level, null);
  }

  /**
   * Reads the form of header and configuration.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static Consistency parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "'%s' is not a consistency level; write eventual, bounded;max-staleness=SECONDS, session or strong"
              .formatted(text));
    }
    Level level = Level.parse(form.group("level"));
    String seconds = form.group("seconds");
    if (seconds == null) {
      return of(level);
    }
    if (level != Level.BOUNDED) {
      throw new IllegalArgumentException(
          "max-staleness belongs to bounded, not to " + level.text());
    }
    return new Consistency(
        level, Duration.ofMillis(new BigDecimal(seconds).movePointRight(3).longValueExact()));
  }

  @Override
  public String toString() {
    return maxStaleness == null
        ? level.text()
        : level.text()
            + ";max-staleness="
            + BigDecimal.valueOf(maxStaleness.toMillis(), 3).stripTrailingZeros().toPlainString();
  }
}
