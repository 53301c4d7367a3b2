package dev.freshet.write.run;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
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

  /** Most characters of a key. */
  public static final int LONGEST = 255;

  /** What they are kept in: no read model reads it, so that no publication has it. */
  public static final String TABLE =
      """
      create schema if not exists freshet;
      create table if not exists freshet.idempotency (
        principal text, command text, key text, fingerprint text not null, status int not null,
        body text, version text, location text, at timestamptz not null default now(),
        primary key (principal, command, key));
      create index if not exists idempotency_at on freshet.idempotency (at)
      """;

  /** Violated by whoever began before the other had committed. */
  static final String PRIMARY_KEY = "idempotency_pkey";

  /** More at once would be a command's own load. */
  private static final int SWEPT_AT_ONCE = 1_000;

  private static final JsonMapper SORTED =
      JsonMapper.builder()
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .build();

  private static final Duration SWEPT_NOT_SOONER = Duration.ofMinutes(1);

  private final Duration kept;
  private final AtomicLong swept = new AtomicLong(System.nanoTime());

  /**
   * Keeps keys.
   *
   * @param kept for how long; the same key is a new one afterwards
   */
  public Keys(Duration kept) {
    this.kept = kept;
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

  /** Makes the table where there is none. */
  public static void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(TABLE);
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
    long before = swept.get();
    long now = System.nanoTime();
    if (now - before > SWEPT_NOT_SOONER.toNanos() && swept.compareAndSet(before, now)) {
      sweep(connection);
    }
  }

  /**
   * Forgets some of the keys whose time is over.
   *
   * @return how many
   */
  public int sweep(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            delete from freshet.idempotency where ctid = any(array(
              select ctid from freshet.idempotency where at <= now() - ?::interval
              order by at limit %d for update skip locked))
            """
                .formatted(SWEPT_AT_ONCE))) {
      statement.setObject(1, kept.toString(), Types.OTHER);
      return statement.executeUpdate();
    }
  }

  /**
   * Reads the header: a string of RFC 9651 in double quotes, or the same bare, as most clients send
   * it.
   *
   * @return empty when it can't be a key
   */
  public static Optional<String> parse(String header) {
    String text = header.strip();
    boolean isQuoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    String key =
        isQuoted
            ? text.substring(1, text.length() - 1).replace("\\\"", "\"").replace("\\\\", "\\")
            : text;
    boolean isPlain = key.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
    return key.isEmpty() || key.length() > LONGEST || !isPlain
        ? Optional.empty()
        : Optional.of(key);
  }
}
