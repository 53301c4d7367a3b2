package dev.freshet.sync.log;

import java.time.Duration;
import java.util.Map;

/**
 * A log on the brokers that have it.
 *
 * @param client properties of a connection to them
 */
public record LogAccess(LogTopic topic, Map<String, Object> client) {

  private static final int ONE_ORDER = 1;

  /** How long the log reaches back: copies that were away for longer copy again. */
  private static final Duration RETENTION = Duration.ofDays(7);

  public LogAccess {
    client = Map.copyOf(client);
  }

  /** The log's name. */
  String log() {
    return topic.log();
  }

  /**
   * Makes the topics where they are not there, replicated as the brokers do by default.
   *
   * @throws LogUnreachable when the broker does not answer, or refuses
   */
  public void make() {
    try (TopicAdmin admin = new TopicAdmin(client)) {
      int _ =
          admin.make(
              topic.name(),
              ONE_ORDER,
              Map.of(
                  "cleanup.policy", "delete",
                  "retention.ms", Long.toString(RETENTION.toMillis()),
                  // A leader that lacks what was acknowledged would lose transactions.
                  "unclean.leader.election.enable", "false"));
      int _ =
          admin.make(
              topic.wishes(),
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
   * @throws LogUnreachable when there is none, or the broker does not answer
   */
  void require() {
    try (TopicAdmin admin = new TopicAdmin(client)) {
      if (admin.partitions(topic.name()) == 0) {
        throw new LogUnreachable(
            "There is no log %s on %s yet; freshet publish makes it"
                .formatted(topic.log(), client.get("bootstrap.servers")),
            null);
      }
    }
  }

  @Override
  public String toString() {
    return topic.log(); // the properties may hold passwords
  }
}
