package dev.freshet.gateway.routing.file;

import java.net.URI;
import java.time.Duration;
import org.springframework.boot.convert.DurationStyle;

/** Values that a routes file has as texts. */
final class WrittenValues {

  private WrittenValues() {}

  /**
   * The base URL of a server.
   *
   * @throws IllegalArgumentException when it can't be connected to
   */
  static URI url(String text) {
    try {
      URI url = URI.create(text.replaceFirst("/$", ""));
      if (url.getHost() != null && url.getPort() <= 65_535) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("this is no URL; write http://HOST:PORT", e);
    }
    throw new IllegalArgumentException("this is no URL of a host; write http://HOST:PORT");
  }

  /**
   * A duration such as {@code 100ms}.
   *
   * @throws IllegalArgumentException when it is none
   */
  static Duration duration(String text) {
    try {
      return DurationStyle.detectAndParse(text);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException("this is no duration; write one such as 100ms or 2s", e);
    }
  }
}
