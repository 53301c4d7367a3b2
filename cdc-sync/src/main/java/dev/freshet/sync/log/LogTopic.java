package dev.freshet.sync.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * A log's topics, of one partition each, so that there is one order.
 *
 * @param log the log's name
 */
public record LogTopic(String log) {

  private static final int ONE_ORDER = 1;
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);

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
  public void make(Map<String, Object> client) throws InterruptedException {
    try (Admin admin = admin(client)) {
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

  /**
   * Makes sure that there is such a log.
   *
   * @param client properties of the connection
   * @throws LogUnreachable when there is none, or the broker does not answer
   */
  void require(Map<String, Object> client) {
    try (Admin admin = admin(client)) {
      admin.describeTopics(List.of(name())).allTopicNames().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UnknownTopicOrPartitionException
          ? new LogUnreachable(
              "There is no log %s on %s yet; freshet publish makes it"
                  .formatted(log, client.get("bootstrap.servers")),
              null)
          : new LogUnreachable(
              "The broker %s does not answer".formatted(client.get("bootstrap.servers")),
              e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LogUnreachable("The log %s was not waited for".formatted(log), e);
    }
  }

  private static Admin admin(Map<String, Object> client) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER_WITHIN.toMillis());
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER_WITHIN.toMillis());
    return Admin.create(properties);
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
