package dev.freshet.sync.publish;

import dev.freshet.sync.SourceObjects;
import dev.freshet.sync.log.LogAddress;
import dev.freshet.sync.log.PublicTopics;
import dev.freshet.sync.model.TableName;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a publisher.
 *
 * @param primary URL of the source database
 * @param broker some of the brokers, {@code HOST:PORT}, separated by commas
 * @param name the log's name
 * @param topics tables that have a topic each for other teams, as {@code SCHEMA.NAME}
 * @param outbox a table of messages, likewise; null for none
 * @param models folder of models to install as views on the source; null for none
 */
@ConfigurationProperties("freshet.publish")
record PublishSettings(
    String primary,
    String broker,
    String name,
    @DefaultValue List<String> topics,
    @Nullable String outbox,
    @Nullable Path models) {

  /** The topics beside the log. */
  PublicTopics publicTopics() {
    return new PublicTopics(
        topics.stream().map(TableName::parse).collect(Collectors.toSet()),
        outbox == null ? null : TableName.parse(outbox));
  }

  LogAddress address() {
    return new LogAddress(broker, name);
  }

  /** The name of slot and publication. */
  String slot() {
    return SourceObjects.slotName("", "log_" + name);
  }

  @Override
  public String toString() {
    return "PublishSettings[name=" + name + "]"; // the URL may hold a password
  }
}
