package dev.freshet.sync;

import dev.freshet.postgres.PostgresUrl;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a cdc-sync.
 *
 * @param primary URL of the source database; null where a log is followed
 * @param log the log that is followed, {@code kafka://HOST:PORT/NAME}; null where the primary's own
 *     is
 * @param seed URLs of servers that give rows to a copy that follows a log, in the order in which
 *     they are asked
 * @param readDatabase URL of the database to keep in step
 * @param models folder with the models' files
 * @param views whether to install the models' SELECTs as views on the primary
 * @param id the read database's name, or null for one made of its address: slot and publication are
 *     {@code freshet_NAME}
 */
@ConfigurationProperties("freshet.sync")
record SyncSettings(
    @Nullable String primary,
    @Nullable String log,
    @DefaultValue List<String> seed,
    String readDatabase,
    Path models,
    @DefaultValue("false") boolean views,
    @Nullable String id) {

  /** A slot's name has at most 63 characters; temporary ones are named after it. */
  private static final int LONGEST_SLOT_NAME = 63 - "_verify".length();

  /** The given name, else one made of the read database's address. */
  String name() {
    return id != null ? id : name(PostgresUrl.parse(readDatabase));
  }

  /** The name of a read database that was given none. */
  static String name(PostgresUrl url) {
    return "%s-%d-%s".formatted(url.host(), url.port(), url.database());
  }

  String slotName() {
    return slotName(name());
  }

  /** The slot of a read database of this name. */
  static String slotName(String readDatabase) {
    String name = "freshet_" + readDatabase.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "_");
    return name.length() <= LONGEST_SLOT_NAME
        ? name
        : name.substring(0, LONGEST_SLOT_NAME - 9) + "_%08x".formatted(name.hashCode());
  }

  @Override
  public String toString() {
    return "SyncSettings[id=" + name() + "]"; // the URLs may hold passwords
  }
}
