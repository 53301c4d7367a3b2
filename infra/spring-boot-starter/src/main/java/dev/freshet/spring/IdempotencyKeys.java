package dev.freshet.spring;

import dev.freshet.postgres.IdempotencyTable;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;

/** The keys of requests that were done, in the transaction of the thread. */
final class IdempotencyKeys {

  private static final Logger log = LoggerFactory.getLogger(IdempotencyKeys.class);

  private final JdbcTemplate jdbc;
  private final Duration kept;
  private final IdempotencyTable.Sweeps sweeps;

  IdempotencyKeys(DataSource dataSource, Duration kept) {
    this.jdbc = new JdbcTemplate(dataSource);
    this.kept = kept;
    this.sweeps = new IdempotencyTable.Sweeps(kept);
  }

  /** A key is its principal's and its command's. */
  record Key(String principal, String command, String key) {}

  /** Makes the table, unless a migration has. A login that may not is told what to do. */
  void makeTable() {
    try {
      if (Boolean.TRUE.equals(
          jdbc.queryForObject(
              "select to_regclass('freshet.idempotency') is null", Boolean.class))) {
        jdbc.execute(IdempotencyTable.SQL);
      }
    } catch (DataAccessException e) {
      log.warn(
          "The table of idempotency keys can't be made ({}). Until it is there, requests with a key fail. Have a migration make it: {}",
          e.getMessage(),
          IdempotencyTable.SQL);
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
    if (sweeps.isDue()) {
      jdbc.execute(
          (ConnectionCallback<Boolean>)
              connection -> {
                sweeps.run(connection);
                return true;
              });
    }
  }
}
