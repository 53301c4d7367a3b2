package dev.freshet.gateway.routing;

import java.util.Locale;

/** The consistency levels of the public contract. */
public enum Level {
  EVENTUAL,
  BOUNDED,
  SESSION,
  STRONG;

  /** The name in configuration and headers. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads {@link #text}.
   *
   * @throws IllegalArgumentException naming the levels there are
   */
  public static Level parse(String text) {
    for (Level level : values()) {
      if (level.text().equals(text)) {
        return level;
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is not a consistency level; there are eventual, bounded, session, strong");
  }
}
