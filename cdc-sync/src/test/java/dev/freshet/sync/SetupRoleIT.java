package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.model.TableName;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** A sync with no more rights on the source than {@code sync setup --print} gives it. */
class SetupRoleIT extends SyncTest {

  @Test
  void roleOfTheSetupKeepsModelsAndViewsAndIsToldWhatATableOfANewModelNeeds() throws Exception {
    onPrimary(
        """
        create table orders (id int primary key, note text);
        insert into orders select g, 'x' from generate_series(1, 10) g;
        create table later (id int primary key);
        insert into later values (1);
        """);
    model("orders", "/* key: id */ select o.id, o.note from orders o");
    onPrimary(SourceObjects.setup(folder.resolve("models"), slot(), true));
    onPrimary("alter role freshet_sync password 'secret'");
    sync = startAsSetUp();
    awaitInStep("orders");
    assertThat(query(primary(), "select count(*) from read.orders")).isEqualTo("10");

    model("later", "/* key: id */ select l.id from later l");
    String reason = "select coalesce(max(reason), '') from freshet.model where name = 'later'";
    await(() -> read(reason).contains("lacks [public.later]"));
    assertThat(read(reason)).contains("sync setup --print");
    onPrimary("insert into orders values (11, 'y')");
    awaitInStep("orders");

    sync.close();
    sync = startAsSetUp();
    onPrimary("insert into orders values (12, 'z')");
    awaitInStep("orders");
    onPrimary("alter publication %s add table later".formatted(TableName.quoted(slot())));
    await(() -> read(reason).contains("permission denied for table later"));
    onPrimary("grant select on later to freshet_sync");
    awaitInStep("orders", "later");
  }

  private ConfigurableApplicationContext startAsSetUp() {
    return startSync(
        Map.of(
            "freshet.sync.primary",
            "postgresql://freshet_sync:secret@127.0.0.1:%d/%s"
                .formatted(primary().port(), database),
            "freshet.sync.views",
            true));
  }

  @Test
  void viewThatTheSourceRefusesLeavesItsModelBeingKept() throws Exception {
    onPrimary(
        """
        create table orders (id int primary key, note text);
        insert into orders values (1, 'x');
        create schema read; create view read.orders as select 1 as mine;
        """);
    model("orders", "/* key: id */ select o.id, o.note from orders o");
    model("notes", "/* key: id */ select o.id, o.note from orders o");
    sync = startSync(Map.of("freshet.sync.views", true));
    awaitInStep("orders", "notes");
    assertThat(query(primary(), "select mine from read.orders")).isEqualTo("1");
    assertThat(query(primary(), "select count(*) from read.notes")).isEqualTo("1");
  }
}
