package dev.freshet.runtime;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Keys as files have them: one a line, {@code ID:BASE64}, of at least {@value #FEWEST_BYTES} bytes.
 * Empty lines and those that begin with {@code #} are passed over.
 *
 * @param noun what the keys are called in messages: {@code session key}
 * @param form of a line, with the ID and the Base64 as groups
 */
public record KeyLines(String noun, Pattern form) {

  /** As many as an HMAC-SHA256 has (RFC 2104, 3). */
  public static final int FEWEST_BYTES = 32;

  private static final String EXAMPLE = "such as 2026-11:$(openssl rand -base64 32)";

  /**
   * The keys of a file's lines with their IDs, in their order.
   *
   * @throws IllegalArgumentException when a line is no key, or there is none, saying what a file
   *     looks like
   */
  public List<Map.Entry<String, byte[]>> read(Stream<String> lines) {
    List<Map.Entry<String, byte[]>> keys =
        lines
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .map(this::key)
            .toList();
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "There is no %s. Write one a line as ID:BASE64, %s".formatted(noun, EXAMPLE));
    }
    return keys;
  }

  /** The text of a file with one key. */
  public static String madeHere(byte[] key) {
    return "made-here:%s%n".formatted(Base64.getEncoder().encodeToString(key));
  }

  private Map.Entry<String, byte[]> key(String line) {
    Matcher parts = form.matcher(line);
    if (!parts.matches()) {
      // The line is not repeated: it may hold a key.
      throw new IllegalArgumentException(
          "A %s is written as ID:BASE64, %s".formatted(noun, EXAMPLE));
    }
    byte[] key = Base64.getDecoder().decode(parts.group(2).replace('-', '+').replace('_', '/'));
    if (key.length < FEWEST_BYTES) {
      throw new IllegalArgumentException(
          "The %s %s has %d bytes; it needs %d or more"
              .formatted(noun, parts.group(1), key.length, FEWEST_BYTES));
    }
    return Map.entry(parts.group(1), key);
  }
}
