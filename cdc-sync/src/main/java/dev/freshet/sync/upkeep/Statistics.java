package dev.freshet.sync.upkeep;

import dev.freshet.sync.apply.ApplyFailed;
import dev.freshet.sync.apply.Sql;
import dev.freshet.sync.connection.WatchedDatabase;
import dev.freshet.sync.source.Place;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has tables analysed soon after they have grown. Until then the planner thinks of them as small,
 * and reads the whole of them for a few changes; PostgreSQL's own daemon looks once a minute only
 * ({@code autovacuum_naptime}), in which a table can come to millions of rows.
 */
public final class Statistics {

  private static final Logger log = LoggerFactory.getLogger(Statistics.class);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** A server process reports what it changed within 10 s (PGSTAT_IDLE_INTERVAL). */
  private static final Duration COUNTED_WITHIN = Duration.ofSeconds(15);

  /** Ours are the mirrors, the models, and the states of groups. */
  private static final String OUTGROWN =
      """
      select format('%I.%I', s.schemaname, s.relname)
      from pg_stat_user_tables s join pg_class c on c.oid = s.relid
      where s.n_mod_since_analyze > 1000 + 0.5 * greatest(c.reltuples, 0)
        and (obj_description(c.oid, 'pg_class') = 'freshet mirror'
          or s.schemaname = 'read' or s.schemaname = 'freshet')
      """;

  private final WatchedDatabase readDatabase;
  private final Supplier<Place> applied;

  /**
   * Prepares.
   *
   * @param applied where the read database is: while that stays, no table grows
   */
  public Statistics(WatchedDatabase readDatabase, Supplier<Place> applied) {
    this.readDatabase = readDatabase;
    this.applied = applied;
  }

  /** Looks after them until the thread is interrupted. */
  public void run() throws SQLException {
    try (Sql sql = new Sql(readDatabase.open("freshet-sync-analyze"))) {
      Place seen = applied.get();
      long movedNanos = System.nanoTime();
      while (!Thread.currentThread().isInterrupted()) {
        Place now = applied.get();
        if (!now.equals(seen)) {
          seen = now;
          movedNanos = System.nanoTime();
        }
        if (System.nanoTime() - movedNanos < COUNTED_WITHIN.toNanos()) {
          look(sql);
        }
        LockSupport.parkNanos(LOOK_EVERY.toNanos());
      }
    }
  }

  private static void look(Sql sql) {
    for (List<@Nullable String> table : sql.query(OUTGROWN, List.of())) {
      analyze(sql, String.valueOf(table.getFirst()));
    }
  }

  /** Plans are worse without; that is no reason to end. A connection that broke tells so next. */
  private static void analyze(Sql sql, String table) {
    try {
      sql.runUnlessGone("analyze " + table);
    } catch (ApplyFailed e) {
      log.warn("{} can't be analysed: {}", table, e.getMessage());
    }
  }
}
