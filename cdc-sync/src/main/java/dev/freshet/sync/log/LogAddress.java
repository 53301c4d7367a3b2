package dev.freshet.sync.log;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a log is: {@code kafka://HOST:PORT[,HOST:PORT…]/NAME}.
 *
 * @param servers some of the brokers, as clients name them
 * @param log the log's name
 */
public record LogAddress(String servers, String log) {

  private static final Pattern SERVERS =
      Pattern.compile("[^/,\\s:]+:\\d{1,5}(,[^/,\\s:]+:\\d{1,5})*");
  private static final Pattern WHOLE = Pattern.compile("kafka://([^/]+)/([^/]+)");

  /** Checks both. */
  public LogAddress {
    if (!SERVERS.matcher(servers).matches()) {
      throw new IllegalArgumentException(
          "'%s' names no broker. Write HOST:PORT, several separated by commas.".formatted(servers));
    }
    LogTopic.check(log);
  }

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException when it is something else
   */
  public static LogAddress parse(String text) {
    Matcher whole = WHOLE.matcher(text);
    if (!whole.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no address of a log. Write kafka://HOST:PORT/NAME.".formatted(text));
    }
    return new LogAddress(whole.group(1), whole.group(2));
  }

  /**
   * How it is reached.
   *
   * @param more properties of a connection, such as those of TLS and SASL
   */
  public LogAccess access(Map<String, String> more) {
    Map<String, Object> client = new HashMap<>(more);
    client.put("bootstrap.servers", servers);
    return new LogAccess(new LogTopic(log), client);
  }

  @Override
  public String toString() {
    return "kafka://%s/%s".formatted(servers, log);
  }
}
