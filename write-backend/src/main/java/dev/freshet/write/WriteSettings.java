package dev.freshet.write;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a write-backend.
 *
 * @param primary URL of the primary's database
 * @param commands folder with the commands' files
 * @param schema folder with migrations that are run at the start; null for none
 * @param connections most connections to the primary
 * @param claimsKey file of the keys with which claims are signed, or null where none are believed
 * @param roles that claims may name
 * @param role of clients whose claims name none of these; null for the login's own
 * @param audit whether commands are noted whose files say nothing of it
 * @param idempotencyRetention for how long keys of commands that were done are kept
 */
@ConfigurationProperties("freshet.write")
record WriteSettings(
    String primary,
    Path commands,
    @Nullable Path schema,
    @DefaultValue("16") int connections,
    @Nullable Path claimsKey,
    @DefaultValue List<String> roles,
    @Nullable String role,
    boolean audit,
    @DefaultValue("24h") Duration idempotencyRetention) {

  @Override
  public String toString() {
    return "WriteSettings[connections=" + connections + "]"; // the URL may hold a password
  }
}
