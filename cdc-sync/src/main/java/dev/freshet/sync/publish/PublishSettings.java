package dev.freshet.sync.publish;

import dev.freshet.sync.log.LogAddress;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Settings of a publisher.
 *
 * @param primary URL of the source database
 * @param broker some of the brokers, {@code HOST:PORT}, separated by commas
 * @param name the log's name
 * @param models folder of models to install as views on the source; null for none
 */
@ConfigurationProperties("freshet.publish")
record PublishSettings(String primary, String broker, String name, @Nullable Path models) {

  LogAddress address() {
    return new LogAddress(broker, name);
  }

  /** The name of slot and publication. */
  String slot() {
    return "freshet_log_" + name.toLowerCase(Locale.ROOT).replace('-', '_');
  }

  @Override
  public String toString() {
    return "PublishSettings[name=" + name + "]"; // the URL may hold a password
  }
}
