package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Names, labels and types that mean something else than before. */
class AlteredMeaningIT extends SyncTest {

  @Test
  void tablesThatChangePlacesByRenamingAreFollowedOnEveryCopy() throws Exception {
    onPrimary(
        "create table swapme (id int primary key, v int); insert into swapme select i, i from generate_series(1, 5) i");
    model("swapped", "/* key: id */ select id, v from swapme");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitInStep("swapped");
    onPrimary(
        """
        begin;
        create table swapme_new (like swapme including all);
        insert into swapme_new select id, v * 100 from swapme;
        alter table swapme rename to swapme_old;
        alter table swapme_new rename to swapme;
        commit
        """);
    onPrimary("insert into swapme values (6, 6); insert into swapme_old values (7, 7)");
    awaitInStep("swapped");
    await(
        () -> query(primary(), hashes("read.swapped")).equals(query(primary(), hashes("swapme"))));
  }

  @Test
  void renamedLabelsAreThoseOfAllRows() throws Exception {
    onPrimary(
        """
        create type stat as enum ('open', 'shut');
        create table ent (id int primary key, st stat, v int);
        create table plain (id int primary key, v int);
        insert into ent values (1, 'open', 1), (2, 'shut', 2);
        insert into plain values (1, 1)
        """);
    model("ents", "/* key: id */ select id, st, v from ent");
    model("by_label", "/* key: st */ select st, count(*) as n, sum(v) as s from ent group by st");
    model("plains", "/* key: id */ select id, v from plain");
    sync = startSync();
    awaitInStep("ents", "by_label", "plains");
    onPrimary("alter type stat rename value 'open' to 'opened'");
    onPrimary("insert into ent values (3, 'opened', 3); update plain set v = 2");
    awaitInStep("ents", "by_label", "plains");
    onPrimary("alter type stat add value 'ajar' after 'opened'");
    onPrimary("insert into ent values (4, 'ajar', 4)");
    awaitInStep("ents", "by_label", "plains");
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
  }

  @Test
  void labelsThatChangePlacesAreThoseOfAllRows() throws Exception {
    onPrimary(
        """
        create type stat as enum ('a', 'b');
        create table ent (id int primary key, st stat);
        insert into ent values (1, 'a'), (2, 'b')
        """);
    model("ents", "/* key: id */ select id, st from ent");
    sync = startSync();
    awaitInStep("ents");
    onPrimary(
        "begin; alter type stat rename value 'a' to 'c'; alter type stat rename value 'b' to 'a'; alter type stat rename value 'c' to 'b'; commit");
    onPrimary("insert into ent values (3, 'b')");
    awaitInStep("ents");
  }

  @Test
  void columnThatTakesAnotherOnesNameIsTheOneThatIsRead() throws Exception {
    onPrimary(
        "create table t (id int primary key, v int, v_new int); insert into t select i, i, i * 100 from generate_series(1, 5) i");
    model("renamed", "/* key: id */ select id, v from t");
    sync = startSync();
    awaitInStep("renamed");
    onPrimary("begin; alter table t rename v to v_old; alter table t rename v_new to v; commit");
    onPrimary("insert into t values (6, 6, 600)");
    awaitInStep("renamed");
    onPrimary("alter table t drop column v; alter table t add column v int");
    onPrimary("insert into t (id, v) values (7, 7)");
    awaitInStep("renamed");
  }

  @Test
  void alteredCompositeTypesAreThoseOfAllRows() throws Exception {
    onPrimary(
        """
        create type pair as (x int, y text);
        create table d (id int primary key, p pair, v int);
        insert into d select i, row(i, 'y' || i)::pair, i from generate_series(1, 5) i
        """);
    model("pairs", "/* key: id */ select id, p, v from d");
    sync = startSync();
    awaitInStep("pairs");
    onPrimary("alter type pair add attribute z int; update d set p.z = 5 where id = 1");
    awaitInStep("pairs");
    onPrimary("update d set v = v + 1");
    awaitInStep("pairs");
    assertThat(get("/api/dead-letters")).isEqualTo("[]");
  }

  @Test
  void functionsComeFromTheSourceAndAreFollowed() throws Exception {
    onPrimary(
        """
        create schema "Fn";
        create table t (id int primary key, v int);
        insert into t select i, i from generate_series(1, 5) i;
        create function "Fn".plus(x int) returns int immutable language sql as 'select x + 1';
        create function graded(x int) returns text immutable language plpgsql
          as $$ begin return 'g' || "Fn".plus(x); end $$
        """);
    model("grades", "/* key: id */ select id, graded(v) as grade from t");
    model("plain", "/* key: id */ select id, v from t");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitInStep("grades", "plain");
    onPrimary(
        "create or replace function \"Fn\".plus(x int) returns int immutable language sql as 'select x * 10'");
    onPrimary("insert into t values (6, 6)");
    awaitInStep("grades", "plain");
    model(
        "later",
        "/* key: grade */ select upper(graded(v)) as grade, count(*) as n from t group by 1");
    awaitInStep("grades", "plain", "later");
    onPrimary(
        "create or replace function graded(x int) returns text immutable language sql as $$ select 'h' || x / 2 $$");
    onPrimary("insert into t values (7, 7)");
    awaitInStep("grades", "plain", "later");
  }

  @Test
  void functionWithAnotherResultIsMadeAgain() throws Exception {
    onPrimary(
        """
        create table t (id int primary key, v int);
        insert into t values (1, 1);
        create function twice(x int) returns int immutable language sql as 'select 2 * x'
        """);
    model("doubled", "/* key: id */ select id, twice(v) as two from t");
    sync = startSync();
    awaitInStep("doubled");
    onPrimary(
        """
        begin; drop function twice(int);
        create function twice(y int) returns text immutable language sql as 'select y || $$,$$ || y'; commit
        """);
    onPrimary("insert into t values (2, 2)");
    awaitInStep("doubled");
  }

  @Test
  void extensionComesWithTheFunctionThatIsCalled() throws Exception {
    onPrimary(
        """
        create extension fuzzystrmatch;
        create table t (id int primary key, name text);
        insert into t values (1, 'Stone'), (2, 'Stune')
        """);
    model("sounds", "/* key: id */ select id, soundex(name) as sound from t");
    sync = startSync();
    awaitInStep("sounds");
  }

  @Test
  void indexesAreMadeAgainWhenACollationHasAnotherVersion() throws Exception {
    onPrimary(
        """
        create table t (id int primary key, name text collate "und-x-icu");
        insert into t values (1, 'a'), (2, 'b')
        """);
    model("names", "/* key: name */ select name, count(*) as n from t group by name");
    sync = startSync();
    awaitInStep("names");
    sync.close();
    sync = startSync();
    awaitInStep("names");
    String index = "select max(relfilenode) from pg_class where relname like '%t_pkey%'";
    String before = read(index);
    sync.close();
    execute(
        readServer(), "update freshet.collation set version = 'an older one' where name ~ 'und'");
    sync = startSync();
    awaitInStep("names");
    assertThat(read(index)).isNotEqualTo(before);
    assertThat(read("select count(*) from freshet.collation where version = 'an older one'"))
        .isEqualTo("0");
  }

  @Test
  void viewsOfTheSourceAreReadThroughAndFollowedWhenTheyAreReplaced() throws Exception {
    onPrimary(
        """
        create table t (id int primary key, g int, v int);
        insert into t select i, i % 3, i from generate_series(1, 9) i;
        create view sums as select g, sum(v) as s from t group by g;
        create view large as select g as which, s from sums where s > 12
        """);
    model("over_views", "/* key: id */ select t.id, l.s from t join large l on l.which = t.g");
    model("plain", "/* key: id */ select id, v from t");
    sync = startSync();
    awaitInStep("over_views", "plain");
    onPrimary("update t set v = 20 where id = 3; delete from t where id = 4");
    awaitInStep("over_views", "plain");
    onPrimary("create or replace view sums as select g, sum(v) * 2 as s from t group by g");
    onPrimary("insert into t values (10, 0, 1)");
    awaitInStep("over_views", "plain");
  }
}
