package dev.freshet.gateway.pool;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The share of healthy instances below which a pool does not go by their health: then those that
 * are left would be drowned, and what is taken for ill may only be slow. As Envoy's panic
 * threshold.
 *
 * @param percent 0 for never
 */
public record Panic(int percent) {

  /** Of pools that say nothing of it. */
  public static final Panic USUAL = new Panic(50);

  /** Only healthy instances are asked. */
  public static final Panic NONE = new Panic(0);

  private static final Pattern FORM = Pattern.compile("(\\d{1,3})%");

  /**
   * Reads {@code 50%} or {@code none}.
   *
   * @throws IllegalArgumentException when it is neither
   */
  public static Panic parse(String text) {
    if (text.equals("none")) {
      return NONE;
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches() || Integer.parseInt(form.group(1)) > 100) {
      throw new IllegalArgumentException("write a share such as 50%, up to 100%, or none");
    }
    return new Panic(Integer.parseInt(form.group(1)));
  }

  /** Whether so few are healthy. */
  boolean isReached(int healthy, int all) {
    return 100 * healthy < percent * all;
  }

  @Override
  public String toString() {
    return percent == 0 ? "none" : percent + "%";
  }
}
