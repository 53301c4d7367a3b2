package dev.freshet.sync.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.PinnedSession;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Relations;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every row of a result that a change makes, removes or alters is among those that it touches. */
class ReachesIT {

  private static final Logger log = LoggerFactory.getLogger(ReachesIT.class);

  private static final int QUERIES =
      Integer.getInteger("freshet.test.queries", Boolean.getBoolean("freshet.long") ? 3_000 : 300);

  private static final long SAME_EACH_TIME = 58_712_247_467_925L;
  private static final int CHANGES = 12;

  private static EmbeddedPostgres server;
  private static Connection connection;

  @BeforeAll
  static void start() throws Exception {
    server = EmbeddedPostgres.builder().start();
    connection = server.getPostgresDatabase().getConnection();
    execute(PinnedSession.SQL);
    makeTables(new Choices(List.of()));
  }

  private static void makeTables(Random random) throws SQLException {
    execute("drop view if exists v");
    for (String table : RandomQuery.TABLES) {
      execute("drop table if exists " + table);
      execute(RandomQuery.schema(table, random));
    }
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static List<List<String>> rows(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = answer(statement, sql)) {
      int columns = result.getMetaData().getColumnCount();
      List<List<String>> rows = new ArrayList<>();
      while (result.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          row.add(String.valueOf(result.getString(i)));
        }
        rows.add(row);
      }
      return rows;
    }
  }

  private static ResultSet answer(Statement statement, String sql) throws SQLException {
    try {
      return statement.executeQuery(sql);
    } catch (SQLException e) {
      throw new SQLException(e.getMessage() + "\n" + sql, e.getSQLState(), e);
    }
  }

  /** A SELECT as PostgreSQL prints it, with the names of its columns. */
  private static ResolvedSelect resolved(String select) throws SQLException {
    execute("drop view if exists v; create view v as " + select);
    Map<String, String> columns = new LinkedHashMap<>();
    rows("select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'v'::regclass and attnum > 0 order by attnum")
        .forEach(row -> columns.put(row.getFirst(), row.getLast()));
    execute("begin; set local search_path = pg_catalog; set local quote_all_identifiers = on");
    String text = rows("select pg_get_viewdef('public.v'::regclass)").getFirst().getFirst();
    execute("commit");
    return new ResolvedSelect(text.strip().replaceFirst(";$", ""), columns, Set.of(), "");
  }

  private static Relations relations() {
    Map<TableName, List<String>> columns = new HashMap<>();
    Map<TableName, List<String>> keys = new HashMap<>();
    for (String table : RandomQuery.TABLES) {
      columns.put(new TableName("public", table), RandomQuery.COLUMNS);
      keys.put(new TableName("public", table), List.of("id"));
    }
    return new Relations(
        columns, keys, Map.of(), Map.of(), Set.of("count", "sum", "max", "min", "array_agg"));
  }

  private static ModelPlan plan(ResolvedSelect select, List<String> key) {
    return ModelPlan.of(
        new Declared("m", "/* key: [%s] */ select 1".formatted(String.join(", ", key))).model(),
        select,
        relations(),
        Set.of());
  }

  @Test
  void whatAChangeTouchesIsFoundWhateverTheQuery() throws SQLException {
    checkAll(Long.getLong("freshet.test.seed", System.nanoTime()));
  }

  @Test
  void whatAChangeTouchesIsFoundForTheSameQueriesAsLastTime() throws SQLException {
    checkAll(SAME_EACH_TIME);
  }

  /** Where one row hides or shows several, where columns merge, and where types do. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "id | select a.id from a left join b b1 on b1.g = a.id left join b b2 on b2.x = a.id where b1.id is null and b2.id is null",
        "id | select a.id from a left join b on b.g = a.id join (select x from c except select x from b) d on d.x = a.x where b.id is null",
        "id | select a.id from a cross join lateral (select count(*) as n from b where b.g = a.id) l1 cross join lateral (select count(*) as m from b where b.x = a.id) l2 where l1.n = 1 and l2.m = 1",
        "cid | select c.id as cid, count(*) as n from (a left join b on b.g = a.id) full join c on c.x = b.x group by c.id",
        "id | select a.id, row_number() over (partition by (a.g > 1 and a.x > 1) order by a.id) as n from a",
        "id, y | select id, c.y from a right join b using (id) left join c using (id)",
        "id | select id, a.x, b.y from a full join b using (id)",
        "id | select q.id from (select id, x from b union all select id, x::numeric / 2 from c) q where q.x / 2 > 0.6",
        "id | select a.id, sum(a.x) over (w order by a.id) as s from a window w as (partition by a.g)",
        "id | select q.id, q.n from (select a.*, row_number() over (partition by g order by id desc) as n from a) q join b on b.id = q.x where q.n = 1",
      })
  void trickyQueriesAreFollowed(String key, String select) throws SQLException {
    Random random = new Random(SAME_EACH_TIME);
    makeTables(new Choices(List.of()));
    ResolvedSelect resolved = resolved(select);
    for (int i = 0; i < 25; i++) {
      check(resolved, List.of(key.split(", ", -1)), random);
    }
  }

  /** Plans random queries over random tables, and compares. */
  private static void checkAll(long seed) throws SQLException {
    log.warn("Random queries with -Dfreshet.test.seed={}", seed);
    int byRows = 0;
    int planned = 0;
    for (int i = 0; i < QUERIES; i++) {
      Choices choices = new Choices(seed + i);
      try {
        Outcome outcome = checkOne(choices);
        planned += outcome == Outcome.NOT_SQL ? 0 : 1;
        byRows += outcome == Outcome.BY_ROWS ? 1 : 0;
      } catch (AssertionError e) {
        List<Integer> least = Choices.shrunk(choices.made(), ReachesIT::isWrong);
        checkOne(new Choices(least));
        throw new AssertionError("Seed %d, and not with %s".formatted(seed + i, least), e);
      }
    }
    log.warn("{} queries, {} of them never recomputed as a whole", planned, byRows);
    assertThat(planned).isGreaterThan(QUERIES / 2);
    assertThat(byRows).isGreaterThan(planned / 6);
  }

  private static boolean isWrong(List<Integer> choices) {
    try {
      checkOne(new Choices(choices));
      return false;
    } catch (AssertionError e) {
      return true;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private enum Outcome {
    NOT_SQL,
    PARTLY_WHOLE,
    BY_ROWS
  }

  private static Outcome checkOne(Random random) throws SQLException {
    makeTables(random);
    String select = new RandomQuery(random).next();
    ResolvedSelect resolved;
    try {
      resolved = resolved(select);
      rows(select);
    } catch (SQLException e) {
      execute("rollback");
      assertThat(e.getSQLState()).as(select).matches("42.*|0A.*");
      return Outcome.NOT_SQL;
    }
    List<String> columns = List.copyOf(resolved.columns().keySet());
    List<String> key =
        random.nextInt(3) == 0 ? columns.subList(0, 1 + random.nextInt(columns.size())) : columns;
    return check(resolved, key, random) ? Outcome.BY_ROWS : Outcome.PARTLY_WHOLE;
  }

  private static boolean check(ResolvedSelect resolved, List<String> key, Random random)
      throws SQLException {
    ModelPlan plan;
    try {
      plan = plan(resolved, key);
    } catch (RuntimeException e) {
      throw new AssertionError("Not planned: " + resolved.text(), e);
    }
    fill(random);
    List<Integer> unit =
        plan.unit().stream().map(List.copyOf(resolved.columns().keySet())::indexOf).toList();
    for (int i = 0; i < CHANGES; i++) {
      String table = RandomQuery.TABLES.get(random.nextInt(RandomQuery.TABLES.size()));
      TableName name = new TableName("public", table);
      int id = 1 + random.nextInt(6);
      String changed = "select * from %s where id in (%d, %d)".formatted(table, id, id + 1);
      try {
        List<List<String>> before = rows(resolved.text());
        assertThat(sorted(rows(plan.select())))
            .as("as SQL again: %s", resolved.text())
            .isEqualTo(sorted(before));
        Set<List<String>> touched = new LinkedHashSet<>();
        boolean all = touch(plan, name, changed, touched);
        String change = change(table, id, random);
        execute(change);
        all |= touch(plan, name, changed, touched);
        List<List<String>> after = rows(resolved.text());
        if (!all) {
          for (List<String> row : difference(before, after)) {
            assertThat(touched)
                .as("unit %s, after %s\n%s\n%s", plan.unit(), change, resolved.text(), plan.ways())
                .contains(unit.stream().map(place -> plain(row.get(place))).toList());
          }
        }
      } catch (SQLException e) {
        throw new AssertionError("%s\n%s".formatted(e.getMessage(), resolved.text()), e);
      }
    }
    return plan.signals().isEmpty();
  }

  /** Adds what changed rows touch; true when that is everything. */
  private static boolean touch(
      ModelPlan plan, TableName table, String changed, Set<List<String>> touched)
      throws SQLException {
    for (var signal : plan.signals()) {
      if (signal.table().equals(table)
          && !rows("select 1 where exists (%s)".formatted(signal.sql(changed))).isEmpty()) {
        return true;
      }
    }
    for (var way : plan.ways()) {
      if (way.table().equals(table)) {
        rows(way.sql(changed))
            .forEach(unit -> touched.add(unit.stream().map(ReachesIT::plain).toList()));
      }
    }
    return false;
  }

  /** Numbers that are equal print differently. */
  private static String plain(String value) {
    return value.matches("-?\\d+\\.\\d+")
        ? new BigDecimal(value).stripTrailingZeros().toPlainString()
        : value;
  }

  private static List<List<String>> sorted(List<List<String>> rows) {
    return rows.stream().sorted((a, b) -> a.toString().compareTo(b.toString())).toList();
  }

  /** The rows that are not as often in the one as in the other. */
  private static Set<List<String>> difference(List<List<String>> one, List<List<String>> other) {
    Map<List<String>, Long> counts = new HashMap<>();
    one.forEach(row -> counts.merge(row, 1L, Long::sum));
    other.forEach(row -> counts.merge(row, -1L, Long::sum));
    return counts.entrySet().stream()
        .filter(e -> e.getValue() != 0)
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static void fill(Random random) throws SQLException {
    for (String table : RandomQuery.TABLES) {
      execute("delete from " + table);
      for (int id = 1; id <= 6; id++) {
        if (random.nextInt(3) > 0) {
          execute(insert(table, id, random));
        }
      }
    }
  }

  private static String value(Random random) {
    return random.nextInt(5) == 0 ? "null" : String.valueOf(random.nextInt(4));
  }

  private static String insert(String table, int id, Random random) {
    return "insert into %s values (%d, %s, %s, %s) on conflict (id) do update set g = excluded.g, x = excluded.x, y = excluded.y"
        .formatted(table, id, value(random), value(random), value(random));
  }

  private static String change(String table, int id, Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> "delete from %s where id = %d".formatted(table, id);
      case 1 ->
          "update %s set x = %s where id in (%d, %d)".formatted(table, value(random), id, id + 1);
      case 2 ->
          "update %s set g = %s, y = %s where id = %d"
              .formatted(table, value(random), value(random), id);
      default -> insert(table, id, random);
    };
  }
}
