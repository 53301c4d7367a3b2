package dev.freshet.sync.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Makes topics, replicated as the brokers do by default. */
final class TopicAdmin implements AutoCloseable {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);

  private final Object servers;
  private final Admin admin;

  /**
   * Connects.
   *
   * @param client properties of the connection
   */
  TopicAdmin(Map<String, Object> client) {
    this.servers = String.valueOf(client.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG));
    Map<String, Object> properties = new HashMap<>(client);
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER_WITHIN.toMillis());
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER_WITHIN.toMillis());
    this.admin = Admin.create(properties);
  }

  /**
   * Makes a topic where there is none.
   *
   * @return how many partitions it has, whoever made it
   * @throws LogUnreachable when the broker does not answer, or refuses
   */
  int make(String topic, int partitions, Map<String, String> settings) {
    try {
      admin
          .createTopics(
              List.of(
                  new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(settings)))
          .all()
          .get();
      return partitions;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return partitions(topic);
      }
      throw e.getCause() instanceof TimeoutException
          ? unreachable(e)
          : new LogUnreachable("The topic %s can't be made".formatted(topic), e.getCause());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * How many partitions a topic has.
   *
   * @return 0 when there is no such topic
   * @throws LogUnreachable when the broker does not answer
   */
  int partitions(String topic) {
    try {
      Map<String, TopicDescription> found =
          admin.describeTopics(List.of(topic)).allTopicNames().get();
      return found.values().stream().mapToInt(one -> one.partitions().size()).sum();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return 0;
      }
      throw unreachable(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private LogUnreachable unreachable(ExecutionException e) {
    return new LogUnreachable("The broker %s does not answer".formatted(servers), e.getCause());
  }

  private static LogUnreachable interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new LogUnreachable("The broker was not waited for", e);
  }

  @Override
  public void close() {
    admin.close();
  }
}
