package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.inference.Choices;
import dev.freshet.sync.inference.RandomQuery;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random models over random tables, kept by a sync that is killed, while rows, values that some of
 * the models can't have, and the tables themselves change: whatever is live equals its SELECT.
 */
class RandomModelsIT extends SyncTest {

  private static final Logger log = LoggerFactory.getLogger(RandomModelsIT.class);

  private static final boolean LONG = Boolean.getBoolean("freshet.long");
  private static final int SYSTEMS = LONG ? 10 : 1;
  private static final int MODELS = 16;
  private static final int ROUNDS = LONG ? 30 : 8;
  private static final int TRANSACTIONS = 6;
  private static final int IDS = 12;

  private @Nullable SyncProcess process;

  /** PostgreSQL answers 3 or 3.00, as it pleases, for a group that has both. */
  @BeforeEach
  void compareNumbersByValue() {
    rowsLook = "regexp_replace(r::text, '\\.0+(?!\\d)', '', 'g')";
  }

  @AfterEach
  void stopProcess() throws InterruptedException {
    if (process != null) {
      process.stop();
      process = null;
    }
  }

  @Test
  void whatIsLiveIsRightWhateverTheModels() throws Exception {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    for (int system = 0; system < SYSTEMS; system++) {
      if (system > 0) {
        stopProcess();
        makeDatabases();
      }
      log.warn("Random models with -Dfreshet.test.seed={}", seed + system);
      run(new Choices(seed + system));
    }
  }

  private void run(Random random) throws Exception {
    for (String table : RandomQuery.TABLES) {
      onPrimary(RandomQuery.schema(table, random));
    }
    onPrimary("create table calm (id int primary key, v int); insert into calm values (1, 0)");
    for (int i = 0; i < 10; i++) {
      change(random);
    }
    Map<String, String> models = models(random);
    models(models);
    process = SyncProcess.start(properties(Map.of()), List.of(), folder.resolve("sync.log"));
    await(() -> read("select to_regclass('freshet.model')").equals("freshet.model"));
    for (String name : models.keySet()) {
      await(() -> isDecided(name));
    }
    TreeSet<String> kept = new TreeSet<>(equalOfLive(models.keySet()));
    log.warn("{} of {} models are kept", kept.size(), models.size());
    assertThat(kept).hasSizeGreaterThan(models.size() / 3);
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < TRANSACTIONS; i++) {
        change(random);
      }
      if (random.nextInt(3) == 0) {
        alter(random);
      }
      if (random.nextInt(3) == 0) {
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(300)).toNanos());
        process.kill();
        process = SyncProcess.start(properties(Map.of()), List.of(), folder.resolve("sync.log"));
      }
      onPrimary("update calm set v = v + 1");
      awaitInStep("calm");
      assertThat(equalOfLive(models.keySet())).contains("calm");
    }
    for (String table : RandomQuery.TABLES) {
      onPrimary("update %1$s set x = 1 where x > 1000".formatted(table));
    }
    for (String name : kept) {
      awaitInStep(name);
    }
  }

  private boolean isDecided(String model) throws Exception {
    return read("select count(*) from freshet.model where name = '%s' and (state = 'live' or (state = 'stopped' and reason <> ''))"
            .formatted(model))
        .equals("1");
  }

  /** By all columns, and how often each row comes, so that any SELECT has a key. */
  private Map<String, String> models(Random random) throws SQLException {
    Map<String, String> models = new LinkedHashMap<>();
    models.put("calm", "/* key: id */ select id, v from calm");
    RandomQuery queries = new RandomQuery(random);
    while (models.size() < MODELS) {
      String select = queries.next();
      String columns;
      try {
        onPrimary("drop view if exists v; create view v as " + select);
        columns =
            query(
                primary(),
                "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = 'v'::regclass and attnum > 0");
        onPrimary("drop view v; select count(*) from (%s) q".formatted(select));
      } catch (SQLException e) {
        continue; // types that don't go together
      }
      models.put(
          "m" + models.size(),
          "/* key: [%1$s] */ select %1$s, count(*) as times from (%2$s) q group by %1$s"
              .formatted(columns, select));
    }
    return models;
  }

  /** A transaction of one to three changes, sometimes with a value that overflows. */
  private void change(Random random) throws SQLException {
    try (Connection connection = connect(primary());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      int changes = 1 + random.nextInt(3);
      for (int i = 0; i < changes; i++) {
        statement.execute(statement(random));
      }
      connection.commit();
    }
  }

  private static String statement(Random random) {
    String table = RandomQuery.TABLES.get(random.nextInt(RandomQuery.TABLES.size()));
    int id = 1 + random.nextInt(IDS);
    return switch (random.nextInt(24)) {
      case 0 -> "truncate " + table;
      case 1 -> "update %s set x = %d where id = %d".formatted(table, Short.MAX_VALUE, id);
      case 2 -> "update %s set x = 1 where x > 1000".formatted(table);
      case 3, 4, 5 -> "delete from %s where id = %d".formatted(table, id);
      case 6, 7, 8 ->
          "update %s set g = %s, y = %s where id between %d and %d"
              .formatted(table, value(random), value(random), id, id + 2);
      case 9, 10 ->
          "update %1$s set id = %2$d where id = %3$d and not exists (select from %1$s where id = %2$d)"
              .formatted(table, 1 + random.nextInt(IDS), id);
      default ->
          "insert into %s values (%d, %s, %s, %s) on conflict (id) do update set g = excluded.g, x = excluded.x, y = excluded.y"
              .formatted(table, id, value(random), value(random), value(random));
    };
  }

  private static String value(Random random) {
    return random.nextInt(5) == 0 ? "null" : String.valueOf(random.nextInt(4));
  }

  /** What a table is changes, and its rows stay what the models' SELECTs can read. */
  private void alter(Random random) throws SQLException {
    String table = RandomQuery.TABLES.get(random.nextInt(RandomQuery.TABLES.size()));
    onPrimary(
        switch (random.nextInt(4)) {
          case 0 -> "alter table %s add column if not exists more int default 7".formatted(table);
          case 1 -> "alter table %s drop column if exists more".formatted(table);
          case 2 ->
              """
              begin;
              create table fresh (like %1$s including all);
              insert into fresh select * from %1$s;
              drop table %1$s cascade;
              alter table fresh rename to %1$s;
              commit
              """
                  .formatted(table);
          default ->
              """
              begin;
              alter table %1$s rename column g to swapped;
              alter table %1$s rename column y to g;
              alter table %1$s rename column swapped to y;
              commit
              """
                  .formatted(table);
        });
  }
}
