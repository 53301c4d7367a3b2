package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a SELECT means is what PostgreSQL takes it for, however it is written. */
class UnderstoodModelsIT extends SyncTest {

  private void awaitRefusal(String model, String reason) throws Exception {
    await(
        () ->
            !read("select to_regclass('freshet.model')").equals("null")
                && read("select coalesce((select reason from freshet.model where name = '%s'), '')"
                        .formatted(model))
                    .contains(reason));
  }

  @Test
  void starOverUsingHasTheSharedColumnOnceAndFirst() throws Exception {
    onPrimary(
        """
        create table l (g int, id int primary key, p int);
        create table r (bx int, id int primary key, q int);
        insert into l select i, i, i from generate_series(1, 5) i;
        insert into r select i, i, i from generate_series(1, 5) i
        """);
    model(
        "shared",
        "/* key: k */ with c(k, x, y, z, w) as (select * from l join r using (id)) select k, x, y, z, w from c");
    model("starred", "/* key: id */ select * from l left join r using (id)");
    sync = startSync();
    awaitInStep("shared", "starred");
    onPrimary(
        "update l set p = p + 10; update r set q = q * 2 where id > 2; delete from r where id = 1");
    awaitInStep("shared", "starred");
  }

  @Test
  void columnThatAStarWouldHaveNowIsThereFromTheNextPlanOn() throws Exception {
    onPrimary("create table d (id int primary key, v int); insert into d values (1, 1)");
    model("starred", "/* key: id */ select * from d");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitInStep("starred");
    onPrimary("alter table d add column w int; update d set w = 5; insert into d values (2, 2, 2)");
    awaitInStep("starred");
    await(
        () ->
            query(
                    primary(),
                    "select count(*) from information_schema.columns where table_schema = 'read' and table_name = 'starred'")
                .equals("3"));
  }

  @Test
  void modelsWhoseLongNamesBeginTheSameAreKeptApart() throws Exception {
    onPrimary(
        "create table t (id int primary key, g int, v int); insert into t select i, i % 3, i from generate_series(1, 30) i");
    String name = "a".repeat(55);
    model(name + "1", "/* key: g */ select g, count(*) as n from t group by g");
    model(name + "2", "/* key: g */ select g, sum(v) as s from t group by g");
    sync = startSync();
    awaitInStep(name + "1", name + "2");
    onPrimary("update t set v = v + 1 where id > 7; delete from t where id = 3");
    awaitInStep(name + "1", name + "2");
  }

  @Test
  void functionThatReadsATableIsFollowedWhereTheHeaderSaysHow() throws Exception {
    onPrimary(
        """
        create table a (id int primary key);
        create table b (id int primary key, aid int);
        create function count_b(k int) returns bigint stable language sql as 'select count(*) from public.b where aid = k';
        insert into a values (1), (2);
        insert into b values (1, 1)
        """);
    model("overlooked", "/* key: id */ select id, count_b(id) as n from a");
    model("said", "/*\nkey: id\naffects:\n  b: aid\n*/ select id, count_b(id) as n from a");
    model("plain", "/* key: id */ select id from a");
    sync = startSync();
    awaitInStep("said", "plain");
    awaitRefusal("overlooked", "function public.count_b is not immutable");
    onPrimary("insert into b select i, 1 + i % 2 from generate_series(2, 9) i");
    awaitInStep("said", "plain");
    onPrimary("delete from b where id = 1; update b set aid = 1");
    awaitInStep("said", "plain");
  }

  @Test
  void manyKeysThatCannotBeLookedUpOneByOneAreRecomputedAtOnce() throws Exception {
    onPrimary("create table t (id int primary key, x int); insert into t values (1, 3)");
    model(
        "numbers",
        "/* key: y */ select y, count(*) as n from (select generate_series(1, x) as y from t) q group by y");
    model(
        "latest",
        "/* key: id */ select id, x, n from (select id, x, row_number() over (partition by x order by id desc) as n from t) q");
    sync = startSync();
    awaitInStep("numbers", "latest");
    // One by one these would be 400 million rows each.
    onPrimary("update t set x = 20000");
    awaitInStep("numbers", "latest");
    onPrimary("insert into t select i, i % 3 from generate_series(2, 20000) i");
    awaitInStep("numbers", "latest");
    onPrimary("update t set x = 2 where id = 5; update t set x = x + 1 where id > 10000");
    awaitInStep("numbers", "latest");
  }

  @Test
  void modelOfOneRowIsKept() throws Exception {
    onPrimary("create table t (id int primary key, v int); insert into t values (1, 1), (2, 2)");
    model("total", "/* key: none */ select count(*) as n, sum(v) as s from t");
    model("only", "/* key: none */ select id, v from t where v > 5 order by id limit 1");
    model("many", "/* key: none */ select id, v from t");
    model("either", "/* key: none */ select max(v) as v from t union select max(v) from t");
    sync = startSync();
    awaitInStep("total", "only", "either");
    awaitRefusal("many", "its result has more than one row");
    onPrimary("insert into t values (3, 6)");
    awaitInStep("total", "only");
    onPrimary("update t set v = v + 1; delete from t where id = 1");
    awaitInStep("total", "only");
    onPrimary("update t set v = 0");
    awaitInStep("total", "only");
    assertThat(read("select count(*) from read.only")).isEqualTo("0");
    awaitInStep("either");
    onPrimary("truncate t");
    awaitInStep("total", "only", "either");
    assertThat(read("select n from read.total")).isEqualTo("0");
  }

  @Test
  void modelThatGetsMoreRowsThanItsHeaderSaysIsStoppedUntilItHasOne() throws Exception {
    onPrimary("create table t (id int primary key, v int); insert into t values (1, 1)");
    model("only", "/* key: none */ select id, v from t");
    model("all_of_t", "/* key: id */ select id, v from t");
    sync = startSync();
    awaitInStep("only", "all_of_t");
    onPrimary("insert into t values (2, 2)");
    awaitInStep("all_of_t");
    await(() -> !read("select state from freshet.model where name = 'only'").equals("live"));
    onPrimary("delete from t where id = 1");
    awaitInStep("only", "all_of_t");
  }

  @Test
  void modelWithoutATableIsKeptAloneAndBesideOthers() throws Exception {
    model(
        "words", "/* key: id */ select id, word from (values (1, 'one'), (2, 'two')) v(id, word)");
    sync = startSync();
    awaitInStep("words");
    onPrimary("create table t (id int primary key, v int); insert into t values (1, 1)");
    model("ts", "/* key: id */ select id, v from t");
    awaitInStep("words", "ts");
    onPrimary("insert into t values (2, 2)");
    awaitInStep("words", "ts");
    Files.delete(folder.resolve("models/ts.sql"));
    await(() -> read("select count(*) from freshet.model").equals("1"));
    onPrimary("insert into t values (3, 2)");
    awaitInStep("words");
  }

  @Test
  void keysMayBeArraysAndColumnsMayHaveKeywordsForNames() throws Exception {
    onPrimary(
        """
        create table k (id int primary key, arr int[], day date, year int, "final" text, "select" int, p jsonb);
        insert into k select i, array[i % 3, 1], '2026-01-01'::date + i % 2, 2000 + i % 2, 'x', i, jsonb_build_object('a', i)
        from generate_series(1, 12) i
        """);
    model("arrays", "/* key: arr */ select distinct arr from k");
    model("by_array", "/* key: arr */ select arr, count(*) as n from k group by arr");
    model(
        "by_day",
        "/* key: [day, year] */ select day, year, count(*) as n, max(\"select\") as m from k group by day, year");
    model("json", "/* key: id */ select id, p ? 'a' as has, p ?| array['b'] as any, final from k");
    sync = startSync();
    awaitInStep("arrays", "by_array", "by_day", "json");
    onPrimary(
        "update k set arr = array[9], year = year + 1, p = p || '{\"b\": 1}' where id < 5; delete from k where id > 10");
    awaitInStep("arrays", "by_array", "by_day", "json");
  }

  @Test
  void aggregatesOfExtensionsAreNotTakenForPostgresqlsOwn() throws Exception {
    for (var server : new dev.freshet.cluster.PostgresServer[] {primary(), readServer()}) {
      execute(server, "create extension citext");
      execute(server, "create aggregate public.sum(text) (sfunc = textcat, stype = text)");
    }
    onPrimary(
        "create table t (id int primary key, g int, v int); insert into t select i, i % 3, i from generate_series(1, 30) i");
    model("sums", "/* key: g */ select g, sum(v) as s, max(v) as m, min(v) as n from t group by g");
    sync = startSync();
    awaitInStep("sums");
    onPrimary("update t set v = v * 2; delete from t where id = 30");
    awaitInStep("sums");
    assertThat(get("/api/models")).contains("by delta");
  }

  /** Equal values that look different, as 3 and 3.00 do: only one look is there at a time. */
  @Test
  void keysLookAsTheyDoInTheSource() throws Exception {
    onPrimary(
        """
        create table t (id int primary key, g numeric, v numeric, f float8, i interval, j jsonb);
        insert into t values
          (1, 3.00, 3.00, '-0', '1 day', '1.0'), (2, 3.00, 3.00, '-0', '1 day', '1.0'), (3, 4, 4, 1, '1 hour', '2')
        """);
    model(
        "sums", "/* key: g */ select g, count(*) as n, max(v) as v, min(v) as w from t group by g");
    model(
        "years", "/* key: y */ select extract(year from i) as y, count(*) as n from t group by 1");
    model("only", "/* key: v */ select distinct v from t");
    model(
        "wholes", "/*\nkey: v\naffects: { t: all }\n*/ select v, count(*) as n from t group by v");
    model("pairs", "/* key: [f, i] */ select f, i, count(*) as n from t group by f, i");
    model("documents", "/* key: j */ select j, array_agg(id order by id) as ids from t group by j");
    model(
        "extremes",
        "/* key: id */ select id % 2 as id, max(v) as v, min(v) as w from t group by id % 2");
    model(
        "likely",
        "/* key: s */ select case id when 9 then 3 else g end as s, sum(id) as n from t group by 1");
    String[] models = {
      "sums", "likely", "years", "only", "wholes", "pairs", "documents", "extremes"
    };
    sync = startSync();
    awaitInStep(models);
    assertThat(get("/api/models"))
        .containsPattern("\"sums\"[^}]*by key")
        .containsPattern("\"years\"[^}]*by delta");
    onPrimary("update t set g = 3, v = 3, f = 0, i = '24 hours', j = '1' where id < 3");
    awaitInStep(models);
    onPrimary("update t set g = 3.0, v = 3.0 where id = 1; delete from t where id = 2");
    awaitInStep(models);
    // Both looks in one transaction, of one group.
    onPrimary(
        "begin; update t set g = 3.000, v = 3.000; insert into t (id, g, v) values (5, 3, 3); delete from t where id <> 5; commit");
    awaitInStep(models);
  }
}
