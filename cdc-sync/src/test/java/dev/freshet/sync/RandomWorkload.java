package dev.freshet.sync;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A schema, models of every shape over it, and random transactions against it. */
final class RandomWorkload {

  static final String SCHEMA =
      """
      create table customer (id int primary key, name text, city text);
      create table courier (id int primary key, name text);
      create table menu (sku text primary key, name text, price numeric(8, 2));
      create table orders (id int primary key, customer_id int, courier_id int, status text, hour int,
        amount numeric(10, 2), note text);
      create table item (order_id int, line int, sku text, qty int, price numeric(8, 2),
        primary key (order_id, line));
      create table refund (id int primary key, order_id int, amount numeric);
      create table person (id int primary key, boss_id int, name text);
      """;

  /** By name: header and SELECT. */
  static final Map<String, String> MODELS = new LinkedHashMap<>();

  static {
    model(
        "inner_join",
        "key: id",
        "select o.id, c.name, c.city from orders o join customer c on c.id = o.customer_id");
    model(
        "left_joins",
        "key: id",
        """
        select o.id, o.status, c.name as courier, count(i.line) as lines, coalesce(sum(i.qty * i.price), 0) as total,
          jsonb_agg(jsonb_build_object('line', i.line, 'dish', m.name) order by i.line) filter (where i.line is not null) as items
        from orders o left join courier c on c.id = o.courier_id left join item i on i.order_id = o.id
          left join menu m on m.sku = i.sku
        group by o.id, c.name""");
    model(
        "right_join",
        "key: id",
        "select o.id, c.name from courier c right join orders o on o.courier_id = c.id");
    model(
        "anti_join",
        "key: id",
        "select o.id, o.amount from orders o left join refund r on r.order_id = o.id where r.id is null");
    model(
        "empty_too",
        "key: [customer_id, order_id]",
        "select c.id as customer_id, o.id as order_id, o.status from customer c left join orders o on o.customer_id = c.id");
    model(
        "boss",
        "key: id",
        "select a.id, a.name, b.name as boss, c.name as top from person a left join person b on b.id = a.boss_id left join person c on c.id = b.boss_id");
    model(
        "by_city",
        "key: [city, status]",
        "select c.city, o.status, count(*) as n, sum(o.amount) as amount, min(o.id) as first, avg(o.amount) as mean from customer c join orders o on o.customer_id = c.id where c.city is not null and o.status is not null group by c.city, o.status");
    model(
        "by_hour",
        "key: hour",
        "select o.hour, count(distinct o.id) as orders, coalesce(sum(i.qty * i.price), 0) as revenue from orders o left join item i on i.order_id = o.id where o.status <> 'cancelled' group by o.hour");
    model(
        "sold",
        "key: sku",
        "select m.sku, m.name, coalesce(sum(i.qty) filter (where o.status <> 'cancelled'), 0) as sold from menu m left join item i on i.sku = m.sku left join orders o on o.id = i.order_id group by m.sku");
    model(
        "spent",
        "key: id",
        "select c.id, c.city, coalesce(sum(i.qty * i.price), 0) as spent, count(i.line) as lines from customer c left join orders o on o.customer_id = c.id left join item i on i.order_id = o.id group by c.id");
    model(
        "extremes",
        "key: sku",
        "select i.sku, min(i.price) as cheapest, max(i.price) as dearest, max(i.qty) as most, count(*) as n from item i where i.sku is not null group by i.sku");
    model(
        "big_spenders",
        "key: customer_id",
        "select o.customer_id, sum(o.amount) as spent from orders o where o.customer_id is not null group by o.customer_id having sum(o.amount) > 50");
    model("cities", "key: city", "select distinct c.city from customer c where c.city is not null");
    model(
        "with_totals",
        "key: id",
        "with totals as (select order_id, sum(qty * price) as total, count(*) as lines from item group by order_id) select o.id, o.status, t.total, t.lines from orders o left join totals t on t.order_id = o.id");
    model(
        "derived",
        "key: city",
        "select c.city, sum(t.n) as n from customer c join (select customer_id, count(*) as n from orders group by customer_id) t on t.customer_id = c.id where c.city is not null group by c.city");
    model(
        "everything",
        "key: [kind, id]",
        "select 'order' as kind, o.id, o.status as text from orders o union all select 'customer', c.id, c.name from customer c union all select 'refund', r.id, r.amount::text from refund r");
    model(
        "numbered",
        "{key: id, scope: customer_id}",
        "select o.id, o.customer_id, row_number() over (partition by o.customer_id order by o.amount, o.id) as n, sum(o.amount) over (partition by o.customer_id) as total from orders o");
    model(
        "top_two",
        "key: [customer_id, n]",
        "select t.customer_id, t.n, t.id from (select o.id, o.customer_id, row_number() over (partition by o.customer_id order by o.amount desc, o.id) as n from orders o) t where t.n <= 2");
    model(
        "latest",
        "key: customer_id",
        "select distinct on (o.customer_id) o.customer_id, o.id, o.amount from orders o where o.customer_id is not null order by o.customer_id, o.id desc");
    model(
        "refunded",
        "{key: id, affects: {refund: order_id}}",
        "select o.id, exists (select from refund r where r.order_id = o.id) as refunded, (select sum(r.amount) from refund r where r.order_id = o.id) as amount from orders o");
    model(
        "last_line",
        "{key: id, affects: {item: 'select o.id from orders o where o.id = :order_id'}}",
        "select o.id, l.line, l.sku from orders o left join lateral (select i.line, i.sku from item i where i.order_id = o.id order by i.line desc limit 1) l on true");
    model(
        "full_join",
        "{key: id, affects: {orders: id, refund: order_id}}",
        "select coalesce(o.id, r.order_id) as id, o.status, count(r.id) as refunds from orders o full join refund r on r.order_id = o.id where coalesce(o.id, r.order_id) is not null group by 1, 2");
    model(
        "overall",
        "{key: one, affects: {orders: all}}",
        "select 1 as one, count(*) as n, sum(o.amount) as amount, max(o.hour) as last from orders o");
    model(
        "exists",
        "key: id",
        "select o.id, exists (select from refund r where r.order_id = o.id) as refunded, (select sum(r.amount) from refund r where r.order_id = o.id) as amount, array(select i.line from item i where i.order_id = o.id order by i.line) as lines from orders o where o.customer_id not in (select c.id from customer c where c.city = o.status) or o.customer_id is null");
    model(
        "lateral",
        "key: id",
        "select o.id, l.line, l.sku, t.n from orders o left join lateral (select i.line, i.sku from item i where i.order_id = o.id order by i.line desc limit 1) l on true cross join lateral (select count(*) as n from refund r where r.order_id = o.id) t");
    model(
        "full_joined",
        "key: id",
        "select coalesce(o.id, r.order_id) as id, o.status, count(r.id) as refunds from orders o full join refund r on r.order_id = o.id group by 1, 2");
    model(
        "all_of_it",
        "key: one",
        "select 1 as one, count(*) as n, sum(o.amount) as amount, max(o.hour) as last from orders o");
    model(
        "newest",
        "key: id",
        "select q.id, q.status from (select o.*, row_number() over (partition by o.customer_id order by o.id desc) as rn from orders o) q where rn = 1");
    model(
        "dearest",
        "key: id",
        "select distinct on (o.customer_id) o.id, o.amount from orders o order by o.customer_id, o.amount desc nulls last, o.id");
    model(
        "two_windows",
        "key: id",
        "select o.id, count(*) over (partition by o.customer_id) as of_customer, count(*) over (partition by o.courier_id) as of_courier from orders o");
    model(
        "rolled_up",
        "key: [status, hour, level]",
        "select o.status, o.hour, grouping(o.status, o.hour) as level, count(*) as n from orders o group by rollup (o.status, o.hour)");
    model(
        "first_orders",
        "key: id",
        "select o.id, o.amount from orders o order by o.amount desc nulls last, o.id limit 5");
    model(
        "total",
        "key: none",
        "select count(*) as n, sum(o.amount) as amount, max(o.id) as latest from orders o");
    model(
        "bosses",
        "key: [id, top]",
        "with recursive up(id, top) as (select p.id, p.id from person p where p.boss_id is null union select p.id, u.top from person p join up u on u.id = p.boss_id) select u.id, u.top from up u");
    model(
        "pairs",
        "key: [a, b]",
        "select a.sku as a, b.sku as b, count(*) as n from item a join item b on b.order_id = a.order_id and b.line > a.line where a.sku is not null and b.sku is not null group by a.sku, b.sku");
  }

  private static final List<String> STATUS = List.of("placed", "ready", "served", "cancelled");
  private static final List<String> CITIES = List.of("Ulm", "Bern", "Graz");

  private final Random random;
  private final int span;

  /**
   * Random transactions.
   *
   * @param span how many keys there are in each table; small ones meet more often
   */
  RandomWorkload(long seed, int span) {
    this.random = new Random(seed);
    this.span = span;
  }

  private static void model(String name, String header, String select) {
    MODELS.put(name, "/*\n" + header + "\n*/\n" + select);
  }

  /** One transaction of several statements, some undone to a savepoint, some rolled back whole. */
  void transaction(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      int statements = 1 + random.nextInt(6);
      for (int i = 0; i < statements; i++) {
        Savepoint savepoint = connection.setSavepoint();
        try {
          statement.execute(change());
          if (random.nextInt(8) == 0) {
            connection.rollback(savepoint);
          }
        } catch (SQLException e) {
          if (!RETRIED.contains(String.valueOf(e.getSQLState()))) {
            throw e;
          }
          connection.rollback(savepoint);
        }
      }
      if (random.nextInt(10) == 0) {
        connection.rollback();
      } else {
        connection.commit();
      }
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
      }
    }
  }

  /** Duplicates, and deadlocks of the writers among themselves. */
  private static final Set<String> RETRIED = Set.of("23505", "40P01");

  private int key() {
    return 1 + random.nextInt(span);
  }

  private String maybe(Object value) {
    return random.nextInt(6) == 0 ? "null" : value.toString();
  }

  private String text(List<String> of) {
    return maybe("'" + of.get(random.nextInt(of.size())) + "'");
  }

  private String sku() {
    return "'s" + (1 + random.nextInt(5)) + "'";
  }

  private String amount() {
    return random.nextInt(40) == 0 ? "'NaN'" : maybe((random.nextInt(10_000) - 2_000) / 100.0);
  }

  private String change() {
    return switch (random.nextInt(30)) {
      case 0, 1 ->
          "insert into customer values (%d, 'c%d', %s) on conflict (id) do update set city = excluded.city"
              .formatted(key(), random.nextInt(100), text(CITIES));
      case 2 -> "delete from customer where id = " + key();
      case 3 -> "update customer set id = %d where id = %d".formatted(key(), key());
      case 4 ->
          "insert into courier values (%d, 'k%d') on conflict (id) do update set name = excluded.name"
              .formatted(key(), random.nextInt(100));
      case 5 -> "delete from courier where id = " + key();
      case 6, 7 ->
          "insert into menu values (%s, 'm%d', %s) on conflict (sku) do update set name = excluded.name, price = excluded.price"
              .formatted(sku(), random.nextInt(100), amount());
      case 8 -> "delete from menu where sku = " + sku();
      case 9, 10, 11, 12, 13 ->
          "insert into orders values (%d, %s, %s, %s, %d, %s, repeat('n', %d)) on conflict (id) do update set status = excluded.status, amount = excluded.amount"
              .formatted(
                  key(),
                  maybe(key()),
                  maybe(key()),
                  text(STATUS),
                  random.nextInt(4),
                  amount(),
                  random.nextInt(10) == 0 ? 9_000 : 3);
      case 14, 15 ->
          "update orders set customer_id = %s, hour = %d where id = %d"
              .formatted(maybe(key()), random.nextInt(4), key());
      case 16 -> "delete from orders where id = " + key();
      case 17 -> "update orders set id = %d where id = %d".formatted(key(), key());
      case 18, 19, 20, 21 ->
          "insert into item values (%d, %d, %s, %s, %s) on conflict (order_id, line) do update set qty = excluded.qty, sku = excluded.sku"
              .formatted(
                  key(), 1 + random.nextInt(3), maybe(sku()), maybe(random.nextInt(5)), amount());
      case 22 ->
          "update item set order_id = %d, line = %d where order_id = %d"
              .formatted(key(), 4 + random.nextInt(1000), key());
      case 23 -> "delete from item where order_id = " + key();
      case 24 -> "update item set price = %s where sku = %s".formatted(amount(), sku());
      case 25 ->
          "insert into refund values (%d, %s, %s) on conflict (id) do update set order_id = excluded.order_id"
              .formatted(key(), maybe(key()), amount());
      case 26 -> "delete from refund where id = " + key();
      case 27 ->
          "insert into person values (%d, %s, 'p%d') on conflict (id) do update set boss_id = excluded.boss_id"
              .formatted(key(), maybe(key()), random.nextInt(100));
      case 28 -> "delete from person where id = " + key();
      default ->
          random.nextInt(12) == 0
              ? "truncate refund"
              : "update orders set status = 'ready' where hour = " + random.nextInt(4);
    };
  }
}
