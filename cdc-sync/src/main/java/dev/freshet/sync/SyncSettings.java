package dev.freshet.sync;

import java.nio.file.Path;
import java.util.Locale;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a cdc-sync.
 *
 * @param primary URL of the source database
 * @param readDatabase URL of the database to keep in step
 * @param models folder with the models' files
 * @param views whether to install the models' SELECTs as views on the primary
 * @param id the read database's name: slot and publication are {@code freshet_ID}
 */
@ConfigurationProperties("freshet.sync")
record SyncSettings(
    String primary,
    String readDatabase,
    Path models,
    @DefaultValue("false") boolean views,
    @DefaultValue("read-1") String id) {

  String slotName() {
    return "freshet_" + id.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "_");
  }

  @Override
  public String toString() {
    return "SyncSettings[id=" + id + "]"; // the URLs may hold passwords
  }
}
