package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The log of events has them in the order in which their transactions were committed. */
class EventLogIT extends SyncTest {

  private static final String OF_ALL =
      "select coalesce(string_agg(stream || ' ' || version, ', ' order by lsn, ordinal, relation), '') from freshet.event_log";

  @BeforeEach
  void makeEvents() throws Exception {
    onPrimary(
        """
        create table event (stream text, version bigint, type text not null, data jsonb not null, meta jsonb,
          at timestamptz not null default clock_timestamp(), primary key (stream, version))
        """);
    model(
        "tip",
        "/*\nkey: stream\n*/\nselect stream, max(version) as version from event group by stream");
  }

  private void append(Statement statement, String stream, int version) throws Exception {
    statement.execute(
        "insert into event values ('%s', %d, 'Happened', '{}', '{}')".formatted(stream, version));
  }

  private void append(String stream, int... versions) throws Exception {
    try (Connection connection = connect(primary());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int version : versions) {
        append(statement, stream, version);
      }
      connection.commit();
    }
  }

  @Test
  void followsTheOrderOfCommits() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    try (Connection first = connect(primary());
        Statement early = first.createStatement()) {
      first.setAutoCommit(false);
      append(early, "begun-first", 1);
      append("committed-first", 1, 2);
      append(early, "begun-first", 2);
      first.commit();
    }
    awaitApplied();
    assertThat(read(OF_ALL))
        .isEqualTo("committed-first 1, committed-first 2, begun-first 1, begun-first 2");
    assertThat(read("select count(distinct lsn) from freshet.event_log")).isEqualTo("2");
  }

  /** What PostgreSQL's own decoding of another slot says is the judge. */
  @Test
  void isAsTheLogOfThePrimaryThroughManyWriters() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    query(
        primary(),
        "select pg_create_logical_replication_slot('judge_%s', 'test_decoding')"
            .formatted(database));
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int writer = i;
        running.add(writers.submit((Callable<?>) () -> write(writer)));
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
    awaitApplied();
    String judged =
        query(
            primary(),
            """
            select string_agg(match[1] || ' ' || match[2], ', ' order by n) from (
              select n, regexp_match(data, 'INSERT: stream\\[text\\]:''([^'']*)'' version\\[bigint\\]:(\\d+)') as match
              from pg_logical_slot_get_changes('judge_%s', null, null) with ordinality c(lsn, xid, data, n)) x
            where match is not null
            """
                .formatted(database));
    assertThat(read(OF_ALL)).isEqualTo(judged);
    assertThat(judged.split(", ")).hasSize(6 * 40 * 3).doesNotHaveDuplicates();
    // Without this the run would prove nothing.
    assertThat(
            read(
                "select string_agg(stream || ' ' || version, ', ' order by at, stream, version) from event"))
        .isNotEqualTo(judged);
    query(primary(), "select pg_drop_replication_slot('judge_%s')".formatted(database));
  }

  private Object write(int writer) throws Exception {
    Random random = new Random(writer);
    try (Connection connection = connect(primary());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int n = 0; n < 40; n++) {
        for (int i = 1; i <= 3; i++) {
          append(statement, "w" + writer, 3 * n + i);
          if (random.nextInt(4) == 0) {
            statement.execute("select pg_sleep(0.001)");
          }
        }
        connection.commit();
      }
    }
    return writer;
  }

  @Test
  void whatWasThereBeforeIsOneTransactionInTheOrderOfStreams() throws Exception {
    append("b", 1, 2);
    append("a", 1);
    append("b", 3);
    // A clock that went back does not turn a stream around.
    onPrimary("update event set at = '2001-01-01' where stream = 'b' and version = 3");
    sync = startSync();
    awaitInStep("tip");
    append("a", 2);
    awaitApplied();
    assertThat(read(OF_ALL)).isEqualTo("b 1, b 2, b 3, a 1, a 2");
    assertThat(
            read(
                "select count(*) from freshet.event_log l join freshet.event_table t using (lsn, timeline)"))
        .isEqualTo("4");
  }

  @Test
  void goesOnAfterARestartAndAnAlteration() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    append("a", 1);
    awaitApplied();
    String before = read("select string_agg(l::text, ' ') from freshet.event_log l");
    sync.close();
    append("a", 2);
    onPrimary("alter table event add column note text");
    sync = startSync();
    awaitInStep("tip");
    append("a", 3);
    awaitApplied();
    assertThat(read(OF_ALL)).isEqualTo("a 1, a 2, a 3");
    assertThat(read("select string_agg(l::text, ' ') from freshet.event_log l where version = 1"))
        .isEqualTo(before);
    assertThat(read("select count(distinct lsn) from freshet.event_log")).isEqualTo("3");
  }

  @Test
  void beginsAnewWhereATableIsCopiedAgain() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    append("a", 1);
    awaitApplied();
    String begun = read("select lsn from freshet.event_table");
    onPrimary("alter table event alter version type integer");
    append("a", 2);
    awaitInStep("tip");
    await(() -> !read("select max(lsn) from freshet.event_table").equals(begun));
    awaitInStep("tip");
    assertThat(read(OF_ALL)).isEqualTo("a 1, a 2");
    assertThat(
            read(
                "select bool_and(l.lsn >= t.lsn) and t.lsn > '%s' from freshet.event_log l cross join freshet.event_table t group by t.lsn"
                    .formatted(begun)))
        .isEqualTo("t");
  }

  /** Their names alone do not make them events. */
  @Test
  void tablesThatOnlyLookAlikeAreLeftAlone() throws Exception {
    onPrimary(
        """
        create table odd (stream text, version text, type text, data jsonb, meta jsonb, at timestamptz, primary key (stream, version));
        create table made (stream text, version bigint, data jsonb, meta jsonb, at timestamptz,
          type text generated always as (data ->> 'type') stored, primary key (stream, version));
        insert into odd values ('a', 'one', 'T', '{}', '{}', now());
        """);
    model("odds", "/*\nkey: stream\n*/\nselect stream, count(*) from odd group by stream");
    model("mades", "/*\nkey: stream\n*/\nselect stream, count(*) from made group by stream");
    sync = startSync();
    awaitInStep("tip", "odds", "mades");
    onPrimary("insert into made values ('a', 1, '{\"type\": \"T\"}', '{}', now())");
    awaitInStep("tip", "odds", "mades");
    assertThat(read("select string_agg(table_name, ' ') from freshet.event_table"))
        .isEqualTo("event");
  }

  @Test
  void forgetsWhatIsErasedOrEmptied() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    append("ada", 1, 2);
    append("bob", 1);
    onPrimary("delete from event where stream = 'ada'");
    awaitApplied();
    assertThat(read(OF_ALL)).isEqualTo("bob 1");
    onPrimary(
        "begin; truncate event; insert into event values ('cy', 1, 'Happened', '{}', '{}'); commit");
    awaitApplied();
    assertThat(read(OF_ALL)).isEqualTo("cy 1");
    onPrimary(
        "begin; delete from event; insert into event values ('cy', 1, 'Again', '{}', '{}'); commit");
    awaitApplied();
    assertThat(read("select type from freshet.event_log")).isEqualTo("Again");
  }

  /** A changed event is no new one. */
  @Test
  void tellsEachEventOnce() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    append("a", 1);
    append("a", 2);
    onPrimary("update event set data = '{\"mended\": true}' where version = 1");
    onPrimary("update event set stream = 'renamed' where version = 2");
    awaitApplied();
    assertThat(read(OF_ALL)).isEqualTo("a 1, renamed 2");
  }

  @Test
  void largeTransactionsKeepTheirOrder() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    onPrimary(
        "insert into event select 's' || n % 7, n, 'Happened', '{}', '{}' from generate_series(1, 50000) n order by n desc");
    append("last", 1);
    awaitApplied();
    assertThat(
            read(
                "select string_agg(version::text, ' ' order by lsn, ordinal) from freshet.event_log where stream <> 'last'"))
        .isEqualTo(
            read(
                "select string_agg(n::text, ' ' order by n desc) from generate_series(1, 50000) n"));
    assertThat(read("select stream from freshet.event_log order by lsn desc, ordinal desc limit 1"))
        .isEqualTo("last");
  }

  @Test
  void aCopyFromBeforeThereWereLogsBeginsOne() throws Exception {
    sync = startSync();
    awaitInStep("tip");
    append("a", 1);
    awaitApplied();
    sync.close();
    execute(
        readServer(),
        "drop table freshet.event_log, freshet.event_table; alter table freshet.position drop column history");
    append("a", 2);
    sync = startSync();
    awaitInStep("tip");
    assertThat(read(OF_ALL)).isEqualTo("a 1, a 2");
  }

  /** Models may read old events as new ones. */
  @Test
  void aViewMayGiveOldEventsTheirNewForm() throws Exception {
    onPrimary(
        """
        create view event_now as select stream, version,
          case type when 'Booked' then 'Deposited' else type end as type,
          case type when 'Booked' then jsonb_build_object('amount', data -> 'sum') else data end as data, at from event
        """);
    model(
        "balance",
        """
        /*
        key: stream
        */
        select stream, max(version) as version,
          sum(case type when 'Deposited' then (data ->> 'amount')::numeric(12,2) else 0.00 end) as balance
        from event_now group by stream
        """);
    onPrimary("insert into event values ('a', 1, 'Booked', '{\"sum\": 3.50}', '{}')");
    sync = startSync();
    awaitInStep("tip", "balance");
    onPrimary("insert into event values ('a', 2, 'Deposited', '{\"amount\": 1}', '{}')");
    onPrimary("insert into event values ('b', 1, 'Booked', '{\"sum\": 2}', '{}')");
    awaitInStep("tip", "balance");
    assertThat(read("select string_agg(stream || balance, ' ' order by stream) from read.balance"))
        .isEqualTo("a4.50 b2.00");
  }
}
