package dev.freshet.protocol;

import java.util.concurrent.ThreadLocalRandom;

/** What a request is called in the logs of all parts that it passes: {@code X-Request-Id}. */
public final class RequestId {

  /** The header that tells it. */
  public static final String HEADER = "X-Request-Id";

  private static final int LONGEST = 128;

  private RequestId() {}

  /** A new one. */
  public static String make() {
    return Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX);
  }

  /**
   * Whether a text can be one. It is written into logs: letters, digits, and what UUIDs, ULIDs and
   * trace ids have besides.
   */
  public static boolean isPlain(String text) {
    return !text.isEmpty()
        && text.length() <= LONGEST
        && text.chars()
            .allMatch(
                c ->
                    (c >= '0' && c <= '9')
                        || (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || c == '-'
                        || c == '_'
                        || c == '.');
  }
}
