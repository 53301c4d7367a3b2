package dev.freshet.read;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a read-backend.
 *
 * @param source URL of the database to read
 * @param kind what kind of source it is: {@code primary}, {@code replica}, {@code read-database}
 * @param id the instance's name
 * @param connections most connections to the source
 * @param rowCap most rows of one answer
 * @param statementTimeout how long one query may run
 * @param errors how refusals are told
 */
@ConfigurationProperties("freshet.read")
record ReadSettings(
    String source,
    String kind,
    String id,
    @DefaultValue("16") int connections,
    @DefaultValue("1000") int rowCap,
    @DefaultValue("5s") Duration statementTimeout,
    @DefaultValue("problem") Errors errors) {

  /** How refusals are told to clients that don't say that they expect PostgREST's. */
  enum Errors {
    /** As problem documents (RFC 9457). */
    PROBLEM,
    /** As PostgREST's. */
    POSTGREST
  }

  @Override
  public String toString() {
    return "ReadSettings[id=%s, kind=%s]".formatted(id, kind); // the URL may hold a password
  }
}
