package dev.freshet.gateway.routing;

import java.util.Locale;

/** How session tokens travel between client and gateway. */
public enum SessionBy {
  HEADER,
  COOKIE;

  /** The name in configuration. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
