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
 * A log's topic: one partition, so that there is one order.
 *
 * @param log the log's name
 */
public record LogTopic(String log) {

  private static final int ONE_ORDER = 1;

  /** How long the log reaches back: copies that were away for longer are made anew. */
  private static final Duration RETENTION = Duration.ofDays(7);

  String name() {
    return "freshet.%s.log".formatted(log);
  }

  TopicPartition partition() {
    return new TopicPartition(name(), 0);
  }

  /**
   * Makes the topic where there is none, replicated as the brokers do by default.
   *
   * @param client properties of the connection
   */
  public void make(Map<String, Object> client) throws InterruptedException {
    try (Admin admin = Admin.create(client)) {
      NewTopic topic =
          new NewTopic(name(), Optional.of(ONE_ORDER), Optional.empty())
              .configs(
                  Map.of(
                      "cleanup.policy", "delete",
                      "retention.ms", Long.toString(RETENTION.toMillis()),
                      // A leader that lacks what was acknowledged would lose transactions.
                      "unclean.leader.election.enable", "false"));
      admin.createTopics(List.of(topic)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw new LogUnreachable("The topic %s can't be made".formatted(name()), e.getCause());
      }
    }
  }
}
