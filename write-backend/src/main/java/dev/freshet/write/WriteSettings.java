package dev.freshet.write;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a write-backend.
 *
 * @param primary URL of the primary's database
 * @param connections most connections to it
 */
@ConfigurationProperties("freshet.write")
record WriteSettings(String primary, @DefaultValue("16") int connections) {

  @Override
  public String toString() {
    return "WriteSettings[connections=" + connections + "]"; // the URL may hold a password
  }
}
