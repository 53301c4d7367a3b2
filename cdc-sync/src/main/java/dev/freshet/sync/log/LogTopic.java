package dev.freshet.sync.log;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * A log's topics, of one partition each, so that there is one order.
 *
 * @param log the log's name
 */
public record LogTopic(String log) {

  private static final int ONE_ORDER = 1;

  /** How long the log reaches back: copies that were away for longer are made anew. */
  private static final Duration RETENTION = Duration.ofDays(7);

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
  public void make(Map<String, Object> client) throws InterruptedException {
    try (Admin admin = Admin.create(client)) {
      make(
          admin,
          name(),
          Map.of(
              "cleanup.policy", "delete",
              "retention.ms", Long.toString(RETENTION.toMillis()),
              // A leader that lacks what was acknowledged would lose transactions.
              "unclean.leader.election.enable", "false"));
      make(
          admin,
          wishes(),
          Map.of(
              "cleanup.policy",
              "compact,delete",
              "retention.ms",
              Long.toString(RETENTION.toMillis())));
    }
  }

  private void make(Admin admin, String topic, Map<String, String> settings)
      throws InterruptedException {
    try {
      admin
          .createTopics(
              List.of(
                  new NewTopic(topic, Optional.of(ONE_ORDER), Optional.empty()).configs(settings)))
          .all()
          .get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw new LogUnreachable("The topic %s can't be made".formatted(topic), e.getCause());
      }
    }
  }
}
