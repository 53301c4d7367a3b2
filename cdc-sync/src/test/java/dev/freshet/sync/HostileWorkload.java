package dev.freshet.sync;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Values that no model can have, and tables, types and functions that are altered. */
final class HostileWorkload {

  /** Takes away what models can't have. */
  static final String HEALED =
      """
      delete from item where payload !~ '^[0-9]+$' or n = 0 or n > 40000 or length(url) > 2000
      """;

  static final String SCHEMA =
      """
      create type mood as enum ('m0', 'm1');
      create table item (id int primary key, g int, payload text, n int, m mood, url text);
      create table side (id int primary key, item_id int, v int);
      create table calm (id int primary key, v int);
      create function scored(x int) returns int immutable language sql as 'select x * 2';
      insert into item select i, i % 4, (i % 5)::text, i, 'm0', 'u' || i % 3 from generate_series(1, 20) i;
      insert into side select i, i, i from generate_series(1, 20) i;
      insert into calm select i, i from generate_series(1, 20) i
      """;

  static final Map<String, String> MODELS = new LinkedHashMap<>();

  static {
    MODELS.put(
        "casts", "/* key: u */ select payload::int as u, count(*) as n from item group by 1");
    MODELS.put("divisions", "/* key: id */ select id, 100 / n as q from item");
    MODELS.put("squares", "/* key: id */ select id, n * n as square from item");
    MODELS.put("by_url", "/* key: url */ select url, sum(n) as n from item group by url");
    MODELS.put("moods", "/* key: m */ select m, count(*) as n from item group by m");
    MODELS.put("scores", "/* key: id */ select id, scored(g) as score from item");
    MODELS.put(
        "joined",
        "/* key: id */ select s.id, s.v, i.g from side s left join item i on i.id = s.item_id");
    MODELS.put("sides", "/* key: id */ select id, v from side");
    MODELS.put("calm", "/* key: id */ select id, v from calm");
  }

  private HostileWorkload() {}

  /** SQL for one of them, or for a harmless change. */
  static String move(Random random) {
    int id = 1 + random.nextInt(30);
    return switch (random.nextInt(20)) {
      case 0, 1, 2, 3 ->
          "insert into item values (%d, %d, '%d', %d, 'm1', 'u%d') on conflict (id) do update set g = excluded.g, n = excluded.n, m = excluded.m"
              .formatted(id, random.nextInt(4), random.nextInt(5), 1 + random.nextInt(9), id % 3)
              .replace("'m1'", "(enum_range(null::mood))[%d]".formatted(1 + random.nextInt(2)));
      case 4, 5 -> "insert into side values (%d, %d, 0) on conflict do nothing".formatted(id, id);
      case 6 -> "delete from item where id = " + id;
      case 7 -> "update side set v = v + 1, item_id = %d where id < %d".formatted(id, id);
      case 8 -> "update item set payload = 'no number' where id = " + id;
      case 9 -> "update item set n = 0 where id = " + id;
      case 10 -> "update item set n = 70000 where id = " + id;
      case 11 ->
          "update item set url = (select string_agg(md5(i::text), '') from generate_series(1, 300) i) where id = "
              + id;
      case 12 -> "update item set payload = '1', n = 7, url = 'u1'";
      case 13 ->
          "do $$ begin execute format('alter type mood rename value %%L to %%L', (enum_range(null::mood))[1], 'l%d'); exception when duplicate_object then null; end $$"
              .formatted(random.nextInt(1000));
      case 14 ->
          "create or replace function scored(x int) returns int immutable language sql as 'select x * %d'"
              .formatted(random.nextInt(9));
      case 15 ->
          """
          begin;
          create table side_new (like side including all);
          insert into side_new select id, item_id, v + 100 from side;
          drop table side;
          alter table side_new rename to side;
          commit
          """;
      case 16 -> "alter table side add column if not exists more int default 5";
      case 17 -> "alter table side drop column if exists more";
      case 18 ->
          "alter table item alter column n type bigint; alter table item alter column n type int";
      default ->
          "do $$ begin alter table side rename column v to w; alter table side rename column w to v; end $$";
    };
  }
}
