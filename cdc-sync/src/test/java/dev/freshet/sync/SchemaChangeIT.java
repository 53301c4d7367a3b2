package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchemaChangeIT extends SyncTest {

  @BeforeEach
  void start() throws Exception {
    onPrimary(
        """
        create table orders (id int primary key, customer int, amount numeric(10, 2), note text);
        create table customer (id int primary key, name text);
        insert into customer select g, 'c' || g from generate_series(1, 10) g;
        insert into orders select g, 1 + g % 10, g, 'n' from generate_series(1, 100) g;
        """);
    model("orders", "/* key: id */ select o.id, o.customer, o.amount from orders o");
    model("names", "/* key: id */ select c.id, c.name from customer c");
    sync = startSync();
    awaitInStep("orders", "names");
  }

  @Test
  void columnsAddedDroppedAndRenamedAreFollowedInPlace() throws Exception {
    long made = oid("public.orders");
    onPrimary("alter table orders add column tip numeric default 1.50, add column seen boolean");
    onPrimary("insert into orders values (200, 1, 1, 'x', 2, true)");
    model("tips", "/* key: id */ select o.id, o.tip, o.seen, o.note from orders o");
    awaitInStep("orders", "names", "tips");
    onPrimary(
        "alter table orders rename column seen to \"Seen it\"; alter table orders drop column customer cascade");
    model("tips", "/* key: id */ select o.id, o.tip, o.\"Seen it\" as seen from orders o");
    onPrimary("update orders set tip = 3 where id = 3");
    awaitInStep("names", "tips");
    assertThat(oid("public.orders")).isEqualTo(made);
    await(() -> read("select state from freshet.model where name = 'orders'").equals("stopped"));
    assertThat(read("select reason from freshet.model where name = 'orders'"))
        .contains("column o.customer does not exist");
    model("orders", "/* key: id */ select o.id, o.amount from orders o");
    awaitInStep("orders", "names", "tips");
  }

  private long oid(String table) throws Exception {
    return Long.parseLong(read("select '" + table + "'::regclass::oid"));
  }

  @Test
  void whatAlteringDoesToRowsWithoutAnyEventIsCopied() throws Exception {
    model("all", "/* key: id */ select * from orders");
    awaitInStep("orders", "all");
    onPrimary("alter table orders alter column amount type bigint using (amount * 2)");
    awaitInStep("orders", "names", "all");
    onPrimary("alter table orders alter column customer type int using (customer + 1000)");
    awaitInStep("orders", "names", "all");
    onPrimary("alter table orders add column made uuid default gen_random_uuid()");
    onPrimary("update orders set note = 'later' where id < 5");
    awaitInStep("orders", "names", "all");
    onPrimary("alter table orders add column twice bigint generated always as (amount * 2) stored");
    onPrimary("update orders set amount = 7 where id < 5");
    awaitInStep("orders", "names", "all");
    onPrimary(
        "drop table orders; create table orders (id int primary key, customer int, amount int); insert into orders values (1, 2, 3)");
    awaitInStep("orders", "names", "all");
  }

  @Test
  void modelsAreAddedChangedAndDroppedWithoutARestart() throws Exception {
    onPrimary(
        "create table refund (id int primary key, order_id int); insert into refund values (1, 1)");
    model(
        "refunds",
        "/* key: id */ select r.id, r.order_id, o.amount from refund r join orders o on o.id = r.order_id");
    awaitInStep("orders", "refunds");
    onPrimary("insert into refund values (2, 5)");
    awaitInStep("refunds");
    Files.delete(folder.resolve("models/refunds.sql"));
    await(() -> read("select to_regclass('read.refunds')").equals("null"));
    model(
        "orders",
        "/* key: customer */ select o.customer, count(*) as n from orders o group by o.customer");
    awaitInStep("orders", "names");
  }

  @Test
  void declarationThatCannotBeBuiltLeavesTheOldTableServing() throws Exception {
    model("orders", "/* key: customer */ select o.customer, o.id from orders o");
    await(
        () ->
            read("select reason from freshet.model where name = 'orders'")
                .contains("does not tell its rows apart"));
    assertThat(read("select state from freshet.model where name = 'orders'")).isEqualTo("live");
    onPrimary("insert into orders values (300, 1, 1)");
    awaitApplied();
    assertThat(read("select count(*) from read.orders")).isEqualTo("101");
    model("orders", "/* key: id */ select o.id, now() as t from orders o");
    await(
        () ->
            read("select reason from freshet.model where name = 'orders'")
                .contains("'now' changes"));
    assertThat(get("/api/models")).contains("'now' changes");
  }

  @Test
  void selectThatFailsOverTheRowsThatThereAreStopsItsModelAlone() throws Exception {
    model("ratio", "/* key: id */ select o.id, 1 / (o.id - 5) as ratio from orders o");
    await(
        () ->
            read("select coalesce(max(reason), '') from freshet.model where name = 'ratio'")
                .contains("division by zero"));
    onPrimary("insert into orders values (500, 1, 1)");
    awaitInStep("orders", "names");
    onPrimary("delete from orders where id = 5");
    awaitInStep("orders", "names", "ratio");
  }

  @Test
  void tableThatIsMissingOrCannotBeFollowedStopsItsModelsAlone() throws Exception {
    model("later", "/* key: id */ select l.id from later l");
    onPrimary("create table keyless (id int)");
    model("keyless", "/* key: id */ select k.id from keyless k");
    await(() -> read("select count(*) from freshet.model where state = 'stopped'").equals("2"));
    onPrimary("insert into orders values (400, 1, 1)");
    awaitInStep("orders", "names");
    onPrimary("create table later (id int primary key); insert into later values (1)");
    awaitInStep("later", "orders");
  }
}
