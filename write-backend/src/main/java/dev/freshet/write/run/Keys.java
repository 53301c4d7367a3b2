package dev.freshet.write.run;

import dev.freshet.postgres.IdempotencyTable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The keys of commands that were done, with what was answered ({@code Idempotency-Key}, the IETF's
 * draft-ietf-httpapi-idempotency-key-header). A key is its principal's and its command's, and is
 * written with the command's transaction.
 */
public final class Keys {

  /** Violated by whoever began before the other had committed. */
  static final String PRIMARY_KEY = "idempotency_pkey";

  private static final JsonMapper SORTED =
      JsonMapper.builder()
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .build();

  private final Duration kept;
  private final IdempotencyTable.Sweeps sweeps;

  /**
   * Keeps keys.
   *
   * @param kept for how long; the same key is a new one afterwards
   */
  public Keys(Duration kept) {
    this.kept = kept;
    this.sweeps = new IdempotencyTable.Sweeps(kept);
  }

  /**
   * A client's key for one request.
   *
   * @param principal empty for clients that nobody knows
   * @param fingerprint of all that the client asks for
   */
  public record Key(String principal, String command, String key, String fingerprint) {

    @Override
    public String toString() {
      return "Key[command=%s]".formatted(command);
    }
  }

  /** The fingerprint of a request: equal for requests that ask for the same. */
  public static String fingerprint(String target, JsonNode body) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(target.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) '\n');
      digest.update(
          body.isMissingNode()
              ? new byte[0]
              : SORTED.writeValueAsBytes(SORTED.treeToValue(body, Object.class)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is known of a key once its lock was asked for. */
  sealed interface Found {

    /** Somebody else is at work on it. */
    record Taken() implements Found {}

    /** It was done, and this was answered. */
    record Done(String fingerprint, Outcome.Done outcome) implements Found {}

    /** It is new, and nobody else can use it until the transaction ends. */
    record Fresh() implements Found {}
  }

  /** Locks a key until the transaction ends, and looks it up. */
  Found lock(Transaction transaction, Key key) throws SQLException {
    List<Map<String, @Nullable String>> locked =
        transaction.rows(
            "select pg_try_advisory_xact_lock(hashtextextended(?, 0))::text as locked",
            List.of(key.principal() + "\n" + key.command() + "\n" + key.key()),
            1);
    if (!"true".equals(locked.getFirst().get("locked"))) {
      return new Found.Taken();
    }
    List<Map<String, @Nullable String>> rows =
        transaction.rows(
            """
            select fingerprint, status::text, body, version, location from freshet.idempotency
            where principal = ? and command = ? and key = ? and at > now() - ?::interval
            """,
            List.of(key.principal(), key.command(), key.key(), kept.toString()),
            1);
    return rows.isEmpty() ? new Found.Fresh() : done(rows.getFirst());
  }

  private static Found done(Map<String, @Nullable String> row) {
    return new Found.Done(
        Objects.requireNonNull(row.get("fingerprint")),
        new Outcome.Done(
            Integer.parseInt(Objects.requireNonNull(row.get("status"))),
            row.get("body"),
            row.get("version"),
            row.get("location"),
            true));
  }

  /** Keeps what a key was answered, with the next statement, as the login itself. */
  void keep(Transaction transaction, Key key, Outcome.Done done) {
    transaction.become("none");
    transaction.first(
        """
        insert into freshet.idempotency as i (principal, command, key, fingerprint, status, body, version, location)
        values (?, ?, ?, ?, ?::int, ?, ?, ?)
        on conflict (principal, command, key) do update set fingerprint = excluded.fingerprint,
          status = excluded.status, body = excluded.body, version = excluded.version,
          location = excluded.location, at = excluded.at
        where i.at <= now() - ?::interval""",
        key.principal(),
        key.command(),
        key.key(),
        key.fingerprint(),
        Integer.toString(done.status()),
        done.body(),
        done.version(),
        done.location(),
        kept.toString());
  }

  /** Forgets some of the keys whose time is over, now and then: those who make keys pay for it. */
  public void sweepIfDue(Connection connection) throws SQLException {
    if (sweeps.isDue()) {
      sweeps.run(connection);
    }
  }
}
