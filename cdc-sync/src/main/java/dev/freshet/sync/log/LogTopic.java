package dev.freshet.sync.log;

import java.util.regex.Pattern;
import org.apache.kafka.common.TopicPartition;

/**
 * A log's topics, of one partition each, so that there is one order.
 *
 * @param log the log's name
 */
public record LogTopic(String log) {

  /** What topics' names may hold. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,100}");

  public LogTopic {
    check(log);
  }

  /**
   * Makes sure that a log can have a name.
   *
   * @throws IllegalArgumentException when it can't
   */
  static void check(String log) {
    if (!NAME.matcher(log).matches()) {
      throw new IllegalArgumentException(
          "'%s' is no name of a log: letters, digits, dashes and underscores, at most 100."
              .formatted(log));
    }
  }

  /** The topic of the log itself. */
  String name() {
    return "freshet.%s.log".formatted(log);
  }

  /** The topic of {@link LogWishes}. */
  String wishes() {
    return "freshet.%s.wishes".formatted(log);
  }

  TopicPartition partition() {
    return new TopicPartition(name(), 0);
  }
}
