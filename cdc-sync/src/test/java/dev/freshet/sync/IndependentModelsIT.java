package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What one model or one value makes impossible stops nothing else. */
class IndependentModelsIT extends SyncTest {

  private void awaitReason(String model, String reason) throws Exception {
    await(
        () ->
            read("select to_regclass('freshet.model')").equals("null")
                ? false
                : read("select coalesce((select reason from freshet.model where name = '%s'), '')"
                        .formatted(model))
                    .contains(reason));
  }

  @Test
  void valueThatIsTooLongForAnIndexStopsItsOwnModelAlone() throws Exception {
    onPrimary(
        "create table visit (id int primary key, url text); insert into visit values (1, 'short')");
    model("by_url", "/* key: url */ select url, count(*) as n from visit group by url");
    model("visits", "/* key: id */ select id, length(url) as chars from visit");
    sync = startSync();
    awaitInStep("by_url", "visits");
    onPrimary(
        "insert into visit select 2, string_agg(md5(i::text), '') from generate_series(1, 300) i");
    awaitInStep("visits");
    assertThat(read("select state from freshet.model where name = 'by_url'"))
        .isIn("faulty", "stopped");
    onPrimary("insert into visit values (3, 'short')");
    awaitInStep("visits");
    onPrimary("delete from visit where id = 2");
    awaitInStep("by_url", "visits");
  }

  @Test
  void longValueThatIsThereBeforeTheIndexIsKept() throws Exception {
    onPrimary(
        """
        create table note (id int primary key, topic text, v int);
        insert into note select i, 't' || i % 3, i from generate_series(1, 100) i;
        insert into note select 1000, string_agg(md5(i::text), ''), 1 from generate_series(1, 300) i
        """);
    model(
        "topics",
        "/* key: id */ select n.id, t.v from note n join note t on t.topic = n.topic and t.id = 1000");
    sync = startSync();
    awaitInStep("topics");
    onPrimary("update note set v = v + 1");
    awaitInStep("topics");
  }

  @Test
  void expressionThatARowCannotBeComputedForStopsItsOwnModelAlone() throws Exception {
    onPrimary(
        """
        create table event (id int primary key, payload jsonb, v int);
        insert into event select i, jsonb_build_object('user', i % 5), i from generate_series(1, 50) i
        """);
    model(
        "by_user",
        "/* key: u */ select (payload ->> 'user')::int as u, count(*) as n from event group by 1");
    model("events", "/* key: id */ select id, v from event");
    sync = startSync();
    awaitInStep("by_user", "events");
    onPrimary("insert into event values (100, '{\"user\": \"anonymous\"}', 5)");
    awaitInStep("events");
    await(() -> !read("select state from freshet.model where name = 'by_user'").equals("live"));
    onPrimary("update event set v = v + 1 where id < 10");
    awaitInStep("events");
    onPrimary("delete from event where id = 100");
    awaitInStep("by_user", "events");
  }

  @Test
  void tableWhoseChangesAreInNoLogIsRefusedAndOthersAreKept() throws Exception {
    onPrimary(
        """
        create unlogged table fast (id int primary key, v int);
        create table slow (id int primary key, v int);
        insert into slow values (1, 1)
        """);
    model("fast", "/* key: id */ select id, v from fast");
    model("slow", "/* key: id */ select id, v from slow");
    sync = startSync();
    awaitInStep("slow");
    awaitReason("fast", "Table public.fast is unlogged");
    onPrimary("alter table fast set logged; insert into fast values (1, 1)");
    awaitInStep("fast", "slow");
  }

  @Test
  void partitionIsKeptByItselfAndBesideItsParent() throws Exception {
    onPrimary(
        """
        create table part (id int, k int, v int, primary key (id, k)) partition by list (k);
        create table part1 partition of part for values in (1);
        create table part2 partition of part for values in (2) partition by range (id);
        create table part21 partition of part2 for values from (0) to (100);
        create table part22 partition of part2 default;
        insert into part values (1, 1, 1), (2, 2, 2)
        """);
    model("second", "/* key: [id, k] */ select id, k, v from part2");
    sync = startSync();
    awaitInStep("second");
    onPrimary("update part set v = v + 1");
    awaitInStep("second");
    model("whole", "/* key: [id, k] */ select id, k, v from part");
    awaitInStep("whole", "second");
    onPrimary(
        "insert into part values (3, 2, 3), (4, 1, 4); update part set k = 3 - k where id = 1");
    awaitInStep("whole", "second");
    model("innermost", "/* key: [id, k] */ select id, k, v from part22");
    model(
        "both", "/* key: [id, k] */ select p.id, p.k, x.v from part p join part1 x using (id, k)");
    awaitInStep("whole", "second", "innermost", "both");
    onPrimary("insert into part values (300, 2, 3); update part set v = v + 1");
    awaitInStep("whole", "second", "innermost", "both");
    onPrimary("alter table part detach partition part2; update part2 set v = v + 1");
    awaitInStep("whole", "second", "innermost", "both");
    for (String name : List.of("second", "innermost", "both")) {
      assertThat(send("POST", "/api/models/%s/verify".formatted(name)).body())
          .contains("\"different\":0");
    }
    Files.delete(folder.resolve("models/second.sql"));
    onPrimary("update part22 set v = v + 1; insert into part2 values (5, 2, 5)");
    awaitInStep("whole", "innermost", "both");
  }

  @Test
  void defaultPartitionWithoutOthersIsAllOfItsParent() throws Exception {
    onPrimary(
        """
        create table part (id int primary key, v int) partition by range (id);
        create table rest partition of part default;
        insert into part values (1, 1), (2, 2)
        """);
    model("whole", "/* key: id */ select id, v from part");
    model("remaining", "/* key: id */ select id, v from rest");
    sync = startSync();
    awaitInStep("whole", "remaining");
    onPrimary("update part set v = v + 1; insert into rest values (3, 3)");
    awaitInStep("whole", "remaining");
  }

  @Test
  void hashPartitionBesideItsParentIsRefusedAlone() throws Exception {
    onPrimary(
        """
        create table part (id int primary key, v int) partition by hash (id);
        create table part0 partition of part for values with (modulus 1, remainder 0);
        insert into part values (1, 1), (2, 2)
        """);
    model("whole", "/* key: id */ select id, v from part");
    model("first", "/* key: id */ select id, v from part0");
    sync = startSync();
    awaitInStep("whole");
    awaitReason(
        "first", "Model first reads public.part0, a hash partition, and its parent is followed");
  }

  @Test
  void viewThatTheReadDatabaseCannotHaveIsNamedWithItsReason() throws Exception {
    onPrimary(
        """
        create table a (id int primary key, g int);
        create foreign data wrapper none;
        create server elsewhere foreign data wrapper none;
        create foreign table far (id int) server elsewhere;
        create view of_far as select id from far;
        create view through as select id from of_far
        """);
    model("plain", "/* key: id */ select id, g from a");
    model("distant", "/* key: id */ select id from through");
    sync = startSync();
    awaitInStep("plain");
    awaitReason(
        "distant",
        "Model distant reads public.of_far, which the read database can't have: relation \"far\" does not exist");
  }

  @Test
  void selectThatLocksRowsIsRefusedAndOthersAreKept() throws Exception {
    onPrimary("create table a (id int primary key, g int); insert into a values (1, 1)");
    model("locking", "/* key: id */ select id, g from a for update");
    model("plain", "/* key: id */ select id, g from a");
    sync = startSync();
    awaitInStep("plain");
    awaitReason("locking", "locks the rows");
  }
}
