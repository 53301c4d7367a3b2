package dev.freshet.read;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Settings of a read-backend.
 *
 * @param source URL of the database to read, or of the search store
 * @param kind what kind of source it is: {@code primary}, {@code replica}, {@code read-database},
 *     {@code search}
 * @param id the instance's name
 * @param connections most connections to the source
 * @param rowCap most rows of one answer
 * @param byteCap most bytes of one answer; 0 for any number
 * @param costCeiling what a query may cost, as PostgreSQL's planner guesses; 0 for any
 * @param statementTimeout how long one query may run
 * @param errors the format of errors
 * @param claimsKey file of the keys with which claims are signed, or null where none are believed
 * @param roles that claims may name
 * @param role of clients whose claims name none of these; null for the login's own, or, where there
 *     are roles, for none
 * @param credentials a file with {@code USER:PASSWORD} for a search store, or null
 * @param authority a file of PEM certificates that a search store's are signed by, or null
 */
@ConfigurationProperties("freshet.read")
record ReadSettings(
    String source,
    String kind,
    String id,
    @DefaultValue("16") int connections,
    @DefaultValue("1000") int rowCap,
    @DefaultValue("0B") DataSize byteCap,
    @DefaultValue("0") double costCeiling,
    @DefaultValue("5s") Duration statementTimeout,
    @DefaultValue("problem") Errors errors,
    @Nullable Path claimsKey,
    @DefaultValue List<String> roles,
    @Nullable String role,
    @Nullable Path credentials,
    @Nullable Path authority) {

  /** The format of errors for clients that don't say that they expect PostgREST's. */
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
