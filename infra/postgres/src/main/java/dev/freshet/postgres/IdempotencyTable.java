package dev.freshet.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the keys of requests that were done are kept in, with what was answered ({@code
 * Idempotency-Key}, the IETF's draft-ietf-httpapi-idempotency-key-header). No read model reads it,
 * so that no publication has it.
 */
public final class IdempotencyTable {

  /** Most characters of a key. */
  public static final int LONGEST_KEY = 255;

  /** Makes the table where there is none. */
  public static final String SQL =
      """
      create schema if not exists freshet;
      create table if not exists freshet.idempotency (
        principal text, command text, key text, fingerprint text not null, status int not null,
        body text, version text, location text, at timestamptz not null default now(),
        primary key (principal, command, key));
      create index if not exists idempotency_at on freshet.idempotency (at)
      """;

  /** More at once would be a command's own load. */
  private static final int SWEPT_AT_ONCE = 1_000;

  private IdempotencyTable() {}

  /** Makes it. */
  public static void make(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(SQL);
    }
  }

  /**
   * Forgets some of the keys whose time is over.
   *
   * @param kept for how long they are kept
   * @return how many
   */
  public static int sweep(Connection connection, Duration kept) throws SQLException {
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
    return key.isEmpty() || key.length() > LONGEST_KEY || !isPlain
        ? Optional.empty()
        : Optional.of(key);
  }

  /** When old keys are forgotten: soon again while there are many, and else now and then. */
  public static final class Sweeps {

    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration NOW_AND_THEN = Duration.ofMinutes(1);

    private final Duration kept;
    private final AtomicLong due = new AtomicLong(System.nanoTime() + NOW_AND_THEN.toNanos());

    /** Of keys that are kept for a time. */
    public Sweeps(Duration kept) {
      this.kept = kept;
    }

    /** Whether it is time; whoever is told so is to {@link #run}. */
    public boolean isDue() {
      long at = due.get();
      long now = System.nanoTime();
      return now - at >= 0 && due.compareAndSet(at, now + NOW_AND_THEN.toNanos());
    }

    /** Forgets some. */
    public void run(Connection connection) throws SQLException {
      if (sweep(connection, kept) == SWEPT_AT_ONCE) {
        due.set(System.nanoTime() + SOON.toNanos());
      }
    }
  }
}
