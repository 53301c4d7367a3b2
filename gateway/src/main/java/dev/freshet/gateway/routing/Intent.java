package dev.freshet.gateway.routing;

import java.util.Locale;

/** Whether a request reads or writes. */
public enum Intent {
  READ,
  WRITE;

  /** The name in configuration and metrics. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The intent of a method where the route does not say otherwise: the safe methods of RFC 9110 and
   * QUERY (RFC 10008) read, all others write.
   */
  public static Intent of(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "QUERY" -> READ;
      default -> WRITE;
    };
  }
}
