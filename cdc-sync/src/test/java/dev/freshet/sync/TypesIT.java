package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TypesIT extends SyncTest {

  private static final String KINDS =
      """
      create extension if not exists "uuid-ossp";
      create schema other;
      create type mood as enum ('sad', 'Very "happy", isn''t it');
      create domain other.positive as numeric(10, 3) check (value > 0);
      create type other.point3 as (x int, y numeric, label text);
      create type minutes as range (subtype = numeric);
      create table kinds (
        id int primary key, b boolean, i2 smallint, i8 bigint, f4 real, f8 double precision,
        n numeric, n2 numeric(12, 4), neg numeric(5, -2), m money, v varchar(20), c char(5), t text collate "C",
        nm name, ch "char", u uuid, d date, ts timestamp, tz timestamptz, ts0 timestamp(0), tm time, ttz timetz,
        iv interval, j json, jb jsonb, x xml, by bytea, bt bit(5), vb bit varying, ip inet, net cidr,
        mac macaddr, mac8 macaddr8, tsv tsvector, tsq tsquery, lsn pg_lsn, o oid, rc regclass,
        pt point, ln line, ls lseg, bx box, pa path, po polygon, ci circle,
        ir int4range, nr numrange, tr tstzrange, im int4multirange, mr minutes, jp jsonpath, snap pg_snapshot,
        mo mood, moa mood[], po2 other.positive, p3 other.point3, p3a other.point3[],
        ia int[], ta text[], tza timestamptz[], bya bytea[], na numeric[], ja jsonb[],
        g int generated always as (i2 * 2) stored, "Mixed ""Ca""se" text default 'x')
      """;

  private static final String VALUES =
      """
      insert into kinds (id, b, i2, i8, f4, f8, n, n2, neg, m, v, c, t, nm, ch, u, d, ts, tz, ts0, tm, ttz, iv, j,
        jb, x, by, bt, vb, ip, net, mac, mac8, tsv, tsq, lsn, o, rc, pt, ln, ls, bx, pa, po, ci, ir, nr, tr, im,
        mr, jp, snap, mo, moa, po2, p3, p3a, ia, ta, tza, bya, na, ja, "Mixed ""Ca""se")
      values
      (%1$d1, true, -32768, 9223372036854775807, 1.1, 0.1, 'NaN', 1.5000, 12345, -92233720368547758.08,
       E'tab\\tnew\\nline\\\\N', 'ab', E'\\\\', 'name', 'q', '6a1c1f2e-0000-4000-8000-000000000001', '0044-03-15 BC',
       '1999-12-31 23:59:59.999999', '2026-03-29 02:30:00.123456+02', '2026-01-01 00:00:00.5', '24:00:00',
       '23:59:59.5-11:30', '-1 year 2 mons -3 days 04:05:06.789012', '{"a":  1, "a": 2}',
       '{"b": [1.00, null, "\\u00e9"]}', '<a b="c">d</a>', '\\x00ff5c', B'10101', B'1', '10.1.2.3/8', '10.0.0.0/8',
       '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', 'a fat cat', 'fat & (rat | cat)', '16/B374D848', 4294967295,
       'pg_class', '(1.5,-2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]',
       '((0,0),(1,1),(2,0))', '<(0,0),1.5>', '[1,5)', '(,2.50]', '["2026-01-01 00:00:00+00",infinity)',
       '{[1,2), [5,9)}', '[1.50,2.5]', '$.a[*] ? (@ > 1)', '10:20:10,14,15', 'Very "happy", isn''t it',
       array['sad', null]::mood[], 1.5, row(1, 2.50, 'a "quoted", \\ one')::other.point3,
       array[row(1, 2, 'x')::other.point3, null], '[0:1]={7,NULL}', array[array['a,b', 'null'], array[null, '"\\']],
       array['infinity', '0001-01-01 BC']::timestamptz[], array['\\x00'::bytea], array['NaN', 1.500, 'Infinity']::numeric[],
       array['{"k": 1}'::jsonb, null], 'é☃𝄞'),
      (%1$d2, false, 0, 0, 'Infinity', '-0', 'Infinity', 'NaN', 0, 0, '', '', '', '', '', null, 'infinity', 'infinity',
       '-infinity', '4713-01-01 00:00:00 BC', '00:00', '00:00+00', '0', 'null', 'null', '<a/>', '', B'00000', B'',
       '::1', '::/0', null, null, '', null, '0/0', 0, null, null, null, null, null, null, null, null, 'empty', 'empty',
       'empty', '{}', 'empty', '$', '1:1:', 'sad', '{}', 0.001, row(null, null, null)::other.point3, '{}', '{}', '{}',
       '{}', '{}', '{}', '{}', ''),
      (%1$d3, null, null, null, 1e-45, 5e-324, 123456789012345678901234567890.123456789, null, null, null, null, null,
       null, null, null, null, '-infinity', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', null,
       null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null, null, null, null, null, null, null)
      """;

  @Test
  void valuesOfEveryTypeArriveAsTheyAreFromCopyAndStream() throws Exception {
    onPrimary(KINDS);
    onPrimary(VALUES.formatted(1));
    model("kinds", "/* key: id */ select k.* from kinds k");
    model(
        "by_mood",
        "/* key: mo */ select k.mo, count(*) as n, sum(k.po2) as total, max((k.p3).y) as y from kinds k group by k.mo");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitInStep("kinds", "by_mood");
    onPrimary(VALUES.formatted(2));
    awaitInStep("kinds", "by_mood");
    onPrimary("update kinds set id = id + 1000, i2 = 7 where id in (11, 21, 22)");
    onPrimary("delete from kinds where id = 12");
    awaitInStep("kinds", "by_mood");

    onPrimary("alter type mood add value 'new' before 'sad'");
    onPrimary("update kinds set mo = 'new' where id = 13");
    awaitInStep("kinds", "by_mood");
  }

  /** A statement that has run often must go on to give values as PostgreSQL prints them. */
  @Test
  void valuesOfEveryTypeAreToldAsTheyArePrinted() throws Exception {
    onPrimary(KINDS);
    onPrimary(VALUES.formatted(1));
    model("kinds", "/* key: id */ select k.* from kinds k");
    model(
        "by_bytes",
        "/* key: by */ select k.by, count(*) as n, sum(k.i2) as s from kinds k group by k.by");
    sync = startSync(Map.of(), ToldRows.class);
    awaitInStep("kinds", "by_bytes");
    ToldRows told = sync.getBean(ToldRows.class);
    try (Connection connection = connect(readServer())) {
      told.requireEqual(connection, "kinds");
      for (int i = 0; i < 10; i++) {
        onPrimary("update kinds set i2 = %d".formatted(i));
        awaitInStep("kinds", "by_bytes");
        assertThat(told.requireEqual(connection, "kinds")).isOne();
      }
    }
  }

  @Test
  void keysOfAnyTypeNameTheirRows() throws Exception {
    onPrimary(
        """
        create type mood as enum ('a', 'b');
        create table keyed (r numrange, m mood, "At" timestamptz, v text, primary key (r, m, "At"));
        insert into keyed values ('[1,2]', 'a', '2026-01-01 00:00:00.000001+00', 'x'), ('(,5)', 'b', 'infinity', 'y');
        create table marked (d date not null, n numeric not null, v text);
        create unique index marks on marked (d, n);
        alter table marked replica identity using index marks;
        insert into marked values ('0044-03-15 BC', 1.50, 'a')
        """);
    model("keyed", "/* key: [r, m, at] */ select k.r, k.m, k.\"At\" as at, k.v from keyed k");
    model("marked", "/* key: [d, n] */ select * from marked");
    sync = startSync();
    awaitInStep("keyed", "marked");
    onPrimary(
        "update keyed set v = 'z', m = 'b'; insert into keyed values ('empty', 'a', '-infinity', null)");
    onPrimary("update marked set v = 'b'; insert into marked values ('infinity', 'NaN', 'c')");
    awaitInStep("keyed", "marked");
    onPrimary(
        "delete from keyed where v is null; update marked set n = 2.0, d = '2026-01-01' where v = 'b'");
    awaitInStep("keyed", "marked");
  }

  @Test
  void partitionedTableIsFollowedByItsRootThroughAttachAndDetach() throws Exception {
    onPrimary(
        """
        create table log (id int, day int, n int, primary key (id, day)) partition by list (day);
        create table log_1 partition of log for values in (1);
        create table log_2 partition of log for values in (2);
        insert into log select g, 1 + g % 2, g from generate_series(1, 100) g
        """);
    model(
        "days",
        "/* key: day */ select l.day, count(*) as rows, sum(l.n) as n from log l group by l.day");
    sync = startSync();
    awaitInStep("days");
    onPrimary("update log set day = 2 where id % 3 = 0; delete from log_1 where id < 10");
    awaitInStep("days");
    onPrimary(
        "create table log_3 (like log including all); insert into log_3 values (500, 3, 9); alter table log attach partition log_3 for values in (3)");
    awaitInStep("days");
    onPrimary("alter table log detach partition log_2");
    awaitInStep("days");
    onPrimary("truncate log_1; insert into log values (1, 1, 1)");
    awaitInStep("days");
    onPrimary("truncate log");
    awaitInStep("days");
  }
}
