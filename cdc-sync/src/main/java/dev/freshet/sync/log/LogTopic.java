package dev.freshet.sync.log;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.common.TopicPartition;

/**
 * A log's topics, of one partition each, so that there is one order.
 *
 * @param log the log's name
 */
public record LogTopic(String log) {

  private static final int ONE_ORDER = 1;

  /** How long the log reaches back: copies that were away for longer are made anew. */
  private static final Duration RETENTION = Duration.ofDays(7);

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

  /**
   * Makes the topics where they are not there, replicated as the brokers do by default.
   *
   * @param client properties of the connection
   */
  public void make(Map<String, Object> client) {
    try (TopicAdmin admin = new TopicAdmin(client)) {
      int _ =
          admin.make(
              name(),
              ONE_ORDER,
              Map.of(
                  "cleanup.policy", "delete",
                  "retention.ms", Long.toString(RETENTION.toMillis()),
                  // A leader that lacks what was acknowledged would lose transactions.
                  "unclean.leader.election.enable", "false"));
      int _ =
          admin.make(
              wishes(),
              ONE_ORDER,
              Map.of(
                  "cleanup.policy",
                  "compact,delete",
                  "retention.ms",
                  Long.toString(RETENTION.toMillis())));
    }
  }

  /**
   * Makes sure that there is such a log.
   *
   * @param client properties of the connection
   * @throws LogUnreachable when there is none, or the broker does not answer
   */
  void require(Map<String, Object> client) {
    try (TopicAdmin admin = new TopicAdmin(client)) {
      if (admin.partitions(name()) == 0) {
        throw new LogUnreachable(
            "There is no log %s on %s yet; freshet publish makes it"
                .formatted(log, client.get("bootstrap.servers")),
            null);
      }
    }
  }
}
