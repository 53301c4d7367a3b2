package dev.freshet.spring;

import dev.freshet.postgres.IdempotencyTable;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;

/** The keys of requests that were done, in the transaction of the thread. */
final class IdempotencyKeys implements InitializingBean {

  private static final Duration SWEPT_NOT_SOONER = Duration.ofMinutes(1);

  private final JdbcTemplate jdbc;
  private final Duration kept;
  private final AtomicLong swept = new AtomicLong(System.nanoTime());

  IdempotencyKeys(DataSource dataSource, Duration kept) {
    this.jdbc = new JdbcTemplate(dataSource);
    this.kept = kept;
  }

  /** A key is its principal's and its command's. */
  record Key(String principal, String command, String key) {}

  /** Makes the table, unless a migration has; a login without rights to make it is told of it. */
  @Override
  public void afterPropertiesSet() {
    if (Boolean.TRUE.equals(
        jdbc.queryForObject("select to_regclass('freshet.idempotency') is null", Boolean.class))) {
      jdbc.execute(IdempotencyTable.SQL);
    }
  }

  /** Locks a key until the transaction ends; false when somebody else is at work on it. */
  boolean lock(Key key) {
    return Boolean.TRUE.equals(
        jdbc.queryForObject(
            "select pg_try_advisory_xact_lock(hashtextextended(?, 0))",
            Boolean.class,
            key.principal() + "\n" + key.command() + "\n" + key.key()));
  }

  /** What was answered under a key. */
  Optional<KeptAnswer> find(Key key) {
    return jdbc
        .query(
            """
            select fingerprint, status, body, version, location from freshet.idempotency
            where principal = ? and command = ? and key = ? and at > now() - ?::interval
            """,
            (row, number) ->
                new KeptAnswer(
                    Objects.requireNonNull(row.getString(1)),
                    row.getInt(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5)),
            key.principal(),
            key.command(),
            key.key(),
            kept.toString())
        .stream()
        .findFirst();
  }

  /** Keeps what is answered under a key. */
  void keep(Key key, KeptAnswer answer) {
    jdbc.update(
        """
        insert into freshet.idempotency as i (principal, command, key, fingerprint, status, body, version, location)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (principal, command, key) do update set fingerprint = excluded.fingerprint,
          status = excluded.status, body = excluded.body, version = excluded.version,
          location = excluded.location, at = excluded.at
        """,
        key.principal(),
        key.command(),
        key.key(),
        answer.fingerprint(),
        answer.status(),
        answer.body(),
        answer.version(),
        answer.location());
    sweepIfDue();
  }

  private void sweepIfDue() {
    long before = swept.get();
    long now = System.nanoTime();
    if (now - before > SWEPT_NOT_SOONER.toNanos() && swept.compareAndSet(before, now)) {
      jdbc.execute(
          (ConnectionCallback<Integer>) connection -> IdempotencyTable.sweep(connection, kept));
    }
  }
}
