package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

class SyncBackendIT extends SyncTest {

  /** From one transaction of a writer to its next. */
  private static final Duration PACE = Duration.ofMillis(5);

  private static final String ITEMS =
      """
      /*
      key: id
      */
      select o.id, o.note, coalesce(sum(i.n), 0)::int as n, string_agg(d.name, ',' order by i.line) as names
      from orders o left join item i on i.order_id = o.id left join dish d on d.sku = i.sku
      group by o.id
      """;

  @BeforeEach
  void start() throws Exception {
    model("items", ITEMS);
    onPrimary(
        """
        create table dish (sku text primary key, name text);
        create table orders (id int primary key, note text);
        create table item (order_id int, line int, sku text, n int, primary key (order_id, line));
        insert into dish values ('p', 'pizza'), ('s', 'soup');
        insert into orders values (1, 'first'), (2, null);
        insert into item values (1, 1, 'p', 2), (1, 2, 's', 1)
        """);
    sync = startSync();
  }

  @Test
  void firstCopyAndEveryKindOfChangeReachTheModel() throws Exception {
    awaitInStep("items");
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(1,first,3,\"pizza,soup\") (2,,0,)");

    onPrimary("insert into item values (2, 1, 'p', 5)");
    onPrimary("update dish set name = 'Pizza' where sku = 'p'");
    awaitInStep("items");
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(1,first,3,\"Pizza,soup\") (2,,5,Pizza)");

    onPrimary("update item set order_id = 2, line = 9 where order_id = 1 and line = 2");
    onPrimary("delete from item where order_id = 2 and line = 1");
    onPrimary("begin; insert into orders values (3, 'gone'); rollback");
    onPrimary("update orders set id = 7 where id = 1");
    awaitInStep("items");
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(2,,1,soup) (7,first,0,)");

    onPrimary("truncate item, orders; insert into orders values (4, 'new')");
    awaitInStep("items");
    assertThat(read("select string_agg(r::text, ' ' order by id) from read.items r"))
        .isEqualTo("(4,new,0,)");
  }

  @Test
  void largeValuesThatAChangeLeavesAloneAreKept() throws Exception {
    onPrimary("alter table orders alter note set storage external");
    onPrimary("update orders set note = repeat('x', 10000) where id = 1");
    awaitInStep("items");
    sync.close();
    onPrimary("update orders set id = 8 where id = 1");
    onPrimary("update orders set id = 9 where id = 8");
    sync = startSync();
    awaitInStep("items");
    assertThat(read("select length(note) from read.items where id = 9")).isEqualTo("10000");
  }

  @Test
  void nothingIsLostOrDoubledOverRestartsUnderLoad() throws Exception {
    AtomicBoolean stopped = new AtomicBoolean();
    Thread[] writers = new Thread[4];
    for (int w = 0; w < writers.length; w++) {
      int writer = w;
      writers[w] = new Thread(() -> write(writer, stopped));
      writers[w].start();
    }
    for (int restart = 0; restart < 4; restart++) {
      awaitState("streaming");
      String before = read("select lsn from freshet.position");
      await(() -> !read("select lsn from freshet.position").equals(before));
      sync.close();
      sync = startSync();
    }
    stopped.set(true);
    for (Thread writer : writers) {
      writer.join();
    }
    awaitInStep("items");
    assertThat(Long.parseLong(read("select count(*) from read.items"))).isGreaterThan(100);
  }

  private void write(int writer, AtomicBoolean stopped) {
    try (Connection connection = connect(primary());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int n = 1; !stopped.get(); n++) {
        int id = n * 10 + writer;
        statement.execute(
            "insert into orders values (%d, 'n') on conflict do nothing".formatted(id));
        statement.execute(
            "insert into item select %d, g, 'p', g from generate_series(1, %d) g"
                .formatted(id, 1 + n % 5));
        if (n % 3 == 0) {
          statement.execute("delete from item where order_id = %d".formatted(id - 10));
        }
        if (n % 7 == 0) {
          connection.rollback();
        } else {
          connection.commit();
          LockSupport.parkNanos(PACE.toNanos()); // else the backlog takes minutes
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void idleSystemGoesOnToTellATruePositionAndAPingComesWhenWanted() throws Exception {
    awaitInStep("items");
    String before = read("select lsn from freshet.position");
    await(() -> !read("select lsn from freshet.position").equals(before));
    assertThat(get("/api/sync")).contains("\"state\":\"streaming\"");
    assertThat(
            Double.parseDouble(
                get("/api/sync").replaceAll("(?s).*\"lagSeconds\":([0-9.E-]+).*", "$1")))
        .isLessThan(5);
    assertThat(get("/actuator/prometheus"))
        .contains("freshet_sync_active{read_database=\"" + database + "\"} 1.0")
        .contains("freshet_model_freshness_seconds{model=\"items\",read_database=")
        .contains("freshet_sync_lag_seconds{read_database=\"" + database + "\"}")
        .contains(
            "freshet_slot_retained_bytes{read_database=\""
                + database
                + "\",slot=\""
                + slot()
                + "\"}");
    assertThat(get("/api/models")).contains("\"name\":\"items\"");
  }

  @Test
  void slotAheadOfWhatWasAppliedIsRefused() throws Exception {
    awaitInStep("items");
    sync.close();
    onPrimary("insert into orders values (50, 'x')");
    onPrimary("select pg_replication_slot_advance('" + slot() + "', pg_current_wal_lsn())");
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync")).contains("the changes between are missing");
    onPrimary("select pg_drop_replication_slot('" + slot() + "')");
    awaitInStep("items");
    assertThat(read("select note from read.items where id = 50")).isEqualTo("x");
  }

  @Test
  void modelThatChangesIsMadeAnewAndOneThatGoesIsDropped() throws Exception {
    awaitInStep("items");
    sync.close();
    Files.delete(folder.resolve("models/items.sql"));
    model("notes", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync();
    await(
        () ->
            read("select count(*) from pg_tables where schemaname = 'read' and tablename = 'items'")
                    .equals("0")
                && read("select count(*) from pg_tables where schemaname = 'read' and tablename = 'notes'")
                    .equals("1"));
  }

  @Test
  void secondSyncStandsByAndTakesOverWhenTheFirstEnds() throws Exception {
    awaitInStep("items");
    ConfigurableApplicationContext first = sync;
    sync = startSync();
    awaitState("standby");
    first.close();
    onPrimary("insert into orders values (60, 'x')");
    awaitInStep("items");
  }

  @Test
  void tableThatIsNoCopyIsNotReplaced() throws Exception {
    awaitInStep("items");
    sync.close();
    try (Connection connection = connect(readServer());
        Statement statement = connection.createStatement()) {
      statement.execute("drop schema freshet cascade; comment on table orders is null");
    }
    sync = startSync();
    awaitState("refused");
    assertThat(get("/api/sync")).contains("has a table public.orders of its own");
  }
}
